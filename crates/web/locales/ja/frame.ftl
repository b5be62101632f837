## 製品とページ

product = Tributary
product-description = HubSpotのデータをプロダクトアナリティクスへ。すべての同期を検証します
skip = 本文へ移動
menu = メニュー
navigation = ナビゲーション
switch-subscription = サブスクリプションの切り替え

nav-overview = 概要
nav-visitors = 訪問者
nav-accounts = アカウント
nav-runs = 同期履歴
nav-settings = 設定
nav-mappings = データマッピング
nav-destination = 送信先
nav-ids = IDのインポート
nav-schedule = スケジュール
nav-subscription = サブスクリプション
nav-app = HubSpotアプリ
nav-users = ユーザー
nav-storage = ストレージ
nav-audit = 監査ログ
nav-account = プロフィール
nav-new-subscription = 新しいサブスクリプション

theme-light = ライト
theme-dark = ダーク
theme-system = システム設定

## 共通の語

save = 保存
cancel = キャンセル
search = 検索
close = 閉じる
copy = コピー
copied = コピーしました
refresh = 更新
progress = 進行状況
counting = 集計しています…
actions = 操作
pages = ページ
page-first = 最初のページ
page-older = さらに前
levels = レベル
level-name = { $level ->
    [visitor] 訪問者レベル
   *[account] アカウントレベル
}
contacts = コンタクト
companies = 会社
admins-only = この操作は管理者のみ行えます。
time-zone = タイムゾーン

type-string = 文字列
type-decimal = 小数
type-boolean = ブール値
type-time = 時刻

## 時間

ago-now = たった今
ago-minutes = { $count }分前
ago-hours = { $count }時間前
ago-days = { $count }日前
ahead-minutes = { $count }分後
ahead-hours = { $count }時間後
ahead-days = { $count }日後
duration-seconds = { $count }秒
duration-minutes = { $count }分
duration-hours = { $hours }時間{ $minutes }分

## 完了した操作

note-connected = HubSpotに接続しました。この接続は両方のレベルで使われます。
note-disconnected = HubSpotとの接続を解除しました。データマッピングと値はそのまま残ります。
note-key-saved = キープロパティを保存しました。
note-mapping-saved = フィールドを保存しました。同期を開始します。
note-sync-started = 同期を開始します。
note-cancelled = 同期をキャンセルしています。書き込みが始まっている場合は、最後まで書き込んでから終了します。
note-import-cancelled = インポートをキャンセルしています。それまでにインポートされた内容は残ります。
note-outside-cancelled = キャンセルしています。送信待ちの変更は、後ほど送信されます。
note-switched-on = HubSpotインテグレーションをオンにしました。
note-switched-off = HubSpotインテグレーションをオフにしました。接続と値はそのまま残ります。
note-subscription-saved = サブスクリプションを保存しました。
note-subscription-made = サブスクリプションを作成しました。次に、プロダクトで使われているIDをインポートします。
note-schedule-saved = スケジュールを保存しました。
note-paused = 一時停止しました。再開するまで自動では同期されません。
note-resumed = 再開しました。
note-app-saved = HubSpotで確認できたため、アプリを保存しました。
note-app-removed = アプリを削除しました。
note-member-changed = ユーザーを変更しました。
note-signed-out-everywhere = ほかのすべての端末からサインアウトしました。
note-password-changed = パスワードを変更し、ほかのすべての端末からサインアウトしました。
note-preferences-saved = 個人設定を保存しました。
note-value-saved = 値を保存しました。
note-erased = このIDに関するすべてのデータを消去しました。
note-columns-saved = 表示する列を保存しました。
note-pinned = ピン留めしました。
note-unpinned = ピン留めを解除しました。
note-joined = パスワードを設定し、サインインしました。
note-signed-out = サインアウトしました。
note-measuring = 測定を開始します。値は変更されません。

## 対応が必要なこと

alert-broken = { $portal }への接続がHubSpotで無効になっています。接続し直すまで同期できません。
alert-sealed = { $portal }への接続は別のキーリングで保存されているため使用できません。接続し直すまで同期できません。
alert-broken-link = もう一度認証する
alert-switched-off = このサブスクリプションではHubSpotインテグレーションがオフになっているため、同期は行われません。
alert-switched-off-link = データマッピングを開く
alert-missed = { $count ->
   *[other] 予定されていた同期が{ $count }回実行されませんでした（最後の実行枠は{ $ago }に終了）。
}
alert-missed-link = スケジュールを確認
alert-visitor-failed = 訪問者レベルの同期が失敗しました（開始：{ $ago }）。値は変更されていません。
alert-visitor-partial = 訪問者レベルの同期は、一部が検証できていません（開始：{ $ago }）。
alert-account-failed = アカウントレベルの同期が失敗しました（開始：{ $ago }）。値は変更されていません。
alert-account-partial = アカウントレベルの同期は、一部が検証できていません（開始：{ $ago }）。
alert-run-link = 詳細を見る

## はじめに

steps-title = はじめに
step-done = 完了
step-subscription = サブスクリプションを作成する
step-ids = 訪問者IDとアカウントIDをインポートする
step-connect = HubSpotで認証する
step-map = キープロパティを設定する
step-sync = フィールドを選択して同期する

## 概要

level-not-mapped = 未設定
level-never = 未同期
level-running = 同期中
level-delivering = 送信中
level-proved = 検証済み
level-partial = 一部未検証
level-cancelled = キャンセル済み
level-failed = 失敗

overview-proved = 最新の検証済みの同期
overview-match-rate = 一致率
overview-of-records = 読み取った{ $read }件中{ $matched }件
overview-coverage = HubSpotとのリンク
overview-of = { $level ->
    [visitor] 訪問者{ $known }件中{ $linked }件
   *[account] アカウント{ $known }件中{ $linked }件
}
overview-rates = 直近{ $count }回の同期の一致率
overview-proof = 検証結果を見る

attention-title = 対応が必要な項目
attention-none = 対応が必要な項目はありません。
attention-case = 大文字・小文字だけがIDと異なる{ $records }が{ $count }件あります
attention-space = 空白だけがIDと異なる{ $records }が{ $count }件あります
attention-zero = 末尾の「.0」だけがIDと異なる{ $records }が{ $count }件あります
attention-prefix = プレフィックスだけがIDと異なる{ $records }が{ $count }件あります
attention-duplicate = 同じキーを持つ新しいレコードがあるため、使われなかった{ $records }が{ $count }件あります
attention-quarantined = { $records }の値のうち、フィールドの型に合わず隔離されたものが{ $count }件あります
attention-held = 保留中のため前回の値のままのフィールドが{ $count }個あります
