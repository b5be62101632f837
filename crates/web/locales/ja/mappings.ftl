# 設定 > データマッピング

mappings-lead = ここで選択したHubSpotのフィールドが、同期のたびに訪問者とアカウントに取り込まれます。
mappings-visitor = 訪問者レベルのデータ
mappings-account = アカウントレベルのデータ

# メタデータフィールド

metadata-title = メタデータ
metadata-none = { $level ->
    [visitor] 訪問者IDがまだ登録されていないため、表示するメタデータはありません。
   *[account] アカウントIDがまだ登録されていないため、表示するメタデータはありません。
}
metadata-none-link = IDをアップロード
metadata-counting = 入力済みの値を集計しています…
metadata-fields = { $count }件のフィールド
metadata-field = フィールド
metadata-type = タイプ
metadata-source = ソース
metadata-filled = 入力率
metadata-fill = { $of }件中{ $filled }件
metadata-refreshed = 最終更新
metadata-stopped = 更新停止

group-auto = 自動
group-agent = エージェント
group-custom = カスタム
group-hubspot = HubSpot
auto-id = ID
auto-accounts = アカウント
auto-firstknown = 初回登録
auto-lastsync = 最終同期
source-auto = Tributary
source-agent = プロダクトから送信
source-custom = 手動で編集
source-hubspot = HubSpotから取り込み

# ウィジェット

widget-title = { $level ->
    [visitor] HubSpot訪問者インテグレーション
   *[account] HubSpotアカウントインテグレーション
}
widget-lead = { $level ->
    [visitor] キーの値が訪問者IDと完全に一致するHubSpotのコンタクトを、その訪問者に取り込みます。
   *[account] キーの値がアカウントIDと完全に一致するHubSpotの会社を、そのアカウントに取り込みます。
}
widget-off = オフ
widget-proved = 同期・検証済み
widget-switch-off = オフにする
widget-switch-on = オンにする
widget-switch-off-confirm = このサブスクリプションのHubSpotインテグレーションをオフにしますか？オンに戻すまで同期は行われません。接続と取り込み済みの値はそのまま残ります。
widget-step-authenticate = HubSpotで認証
widget-step-setup = セットアップ
widget-step-fields = サブスクリプションに追加するフィールドを選択
widget-authenticate-first = 先にHubSpotで認証してください。
widget-setup-first = 先にキーをセットアップしてください。

# ステップ1

connect-lead = HubSpotにサインインし、読み取るアカウントを選択してアクセスを許可します。Tributaryは読み取りのみを行います。
connect-no-app = HubSpotへのアクセスには、自社で用意したHubSpotアプリを使用します。クライアントIDとシークレットを一度だけ登録してください。
connect-set-up-app = HubSpotアプリを設定
connect-again = 再接続
connect-replace = 接続中のHubSpotアカウントを置き換える
connect-denied = アクセスが許可されませんでした
connect-denied-do = 何も変更されていません。準備ができたらもう一度認証するか、HubSpotの管理者に依頼してください。
connect-other-portal = 別のHubSpotアカウントです
connect-other-portal-do = このサブスクリプションには、以前に接続したアカウントの値が入っています。置き換えるとレコードのIDが変わるため、すべてのリンクが作り直されます。意図した場合のみ置き換えてください。
connect-unanswered = HubSpotから応答がありませんでした
connect-unanswered-do = 何も変更されていません。もう一度認証してください。
connection-account = HubSpotアカウント
connection-id = ID: { $id }
connection-since = 接続日時
connection-by = 接続者: { $who }
connection-kind = アクセス方法
connection-oauth = HubSpotで許可(OAuth)
connection-token = アクセストークン
connection-broken = この接続はHubSpotで受け付けられなくなりました。再接続してください。マッピングと取り込み済みの値は保持されています。
connection-sealed = この接続のシークレットは別のキーリングで保存されています（キーリングなしで復元した場合など）。再接続してください。マッピングと取り込み済みの値は保持されています。
connection-lacks = { $level ->
    [visitor] この接続ではコンタクトを読み取れません。再接続し、コンタクトへのアクセスを許可してください。
   *[account] この接続では会社を読み取れません。再接続し、会社へのアクセスを許可してください。
}
connection-scopes = 許可された権限: { $count }件
connection-scopes-unknown = このトークンの権限はHubSpotから通知されません。
connection-lacking = 許可されていない権限とその影響:
connection-both = 1つの接続を両方のタブで使用します。
lacking-contacts = コンタクトを読み取れません(訪問者のデータなし)。
lacking-companies = 会社を読み取れません(アカウントのデータなし)。
lacking-owners = 担当者フィールドには名前の代わりにIDが表示されます。
disconnect = 接続を解除
disconnect-confirm = このHubSpotアカウントの接続を解除しますか？同期は停止します。取り込み済みの値はそのまま残ります。
disconnect-revoke = HubSpot側の許可も取り消す
token-instead = アクセストークンで接続
token-label = アクセストークン
token-hint = HubSpotのサービスキー、または非公開アプリのトークンです。暗号化して保存し、再表示することはありません。
token-replace = 接続中のHubSpotアカウントを置き換える
token-connect = 接続

# ステップ2

key-title = キープロパティを選択
key-of = { $level ->
    [visitor] 訪問者ID
   *[account] アカウントID
}
key-lead = { $level ->
    [visitor] 訪問者IDが入っているコンタクトのプロパティを選択します。プレフィックスや大文字・小文字を含め、値が完全に一致する必要があります。
   *[account] アカウントIDが入っている会社のプロパティを選択します。プレフィックスや大文字・小文字を含め、値が完全に一致する必要があります。
}
key-choose = キープロパティを選択
key-change = 変更
key-present = 現在のキー
key-candidates = プロパティ
key-matched = 一致率 { $share }({ $matched }件)
key-empty = 値なし
key-duplicates = 重複 { $count }件
key-warning-boolean = trueとfalseだけなので、最大2つのIDにしか一致しません。
key-warning-time = 日付は、HubSpotと同じ表記のIDにしか一致しません。
key-warning-multi = 1つのレコードに複数の選択肢がある場合、「A;B」のような1つのテキストとして比較されます。
key-change-title = キーを{ $from }から{ $to }に変更しますか？
key-change-visitors = { $count ->
    [0] 現在HubSpotから取り込んでいる訪問者はいません。次回の同期から新しいキーで照合します。
   *[other] 現在{ $count }人の訪問者にHubSpotのデータを取り込んでいます。次回の同期から新しいキーで照合します。一致しなくなった訪問者の値はそのまま残り、同期の結果に一覧表示されます。
}
key-change-accounts = { $count ->
    [0] 現在HubSpotから取り込んでいるアカウントはありません。次回の同期から新しいキーで照合します。
   *[other] 現在{ $count }件のアカウントにHubSpotのデータを取り込んでいます。次回の同期から新しいキーで照合します。一致しなくなったアカウントの値はそのまま残り、同期の結果に一覧表示されます。
}
key-change-go = キーを変更
near-empty_key = 空
near-duplicate_key = 重複
near-differs_by_case = 大文字・小文字の違い
near-differs_by_space = スペースの違い
near-differs_by_trailing_zero = 末尾の「.0」の違い
near-differs_by_prefix = プレフィックスの違い
near-unknown_id = 不明
sample-title = サンプル
sample-lead = サンプルのレコードを読み取ると、値の例、入力率、登録済みのIDとの一致率を確認できます。何も保存されません。
sample-size = レコード数
sample-take = サンプルを読み取る
sample-again = もう一度読み取る
sample-reading = { $of }件中{ $count }件を読み取りました
sample-matching = IDと照合しています…
sample-done = { $of }件中{ $count }件のレコードを{ $known }件のIDと照合しました
sample-label = { $time }時点のサンプル(古いレコードと新しいレコードを半分ずつ)。30分間メモリにのみ保持され、保存されません。率は推定値です。
measure = 正確に測定
measure-title = { $name }を正確に測定
measure-cost = 値のある{ $records }件のレコードを、約{ $calls }回のHubSpot呼び出しで読み取ります。
measure-hint = このプロパティだけを読み取り、何も変更しません。結果は同期履歴に表示されます。
measure-go = 測定

# ステップ3

fields-empty = フィールドはまだ選択されていません。
fields-chosen = 選択したフィールド
fields-display-name-of = { $name }の表示名
fields-new = 新規
fields-remove = { $name }の取り込みを停止
fields-add = + フィールドを追加
fields-stopped = 次のフィールドは更新されなくなります。取り込み済みの値はそのまま残り、再度追加すると更新が再開されます。
fields-when-empty = HubSpotで値が空になったとき
fields-clear = こちらの値も消去する
fields-keep = 最後の値を残す
fields-not-saved = 未保存
fields-conflict = ほかのユーザーがこのマッピングを保存しました
fields-conflict-do = 選択内容は保持されています。現在保存されている内容との違いは次のとおりです(+ 保存側のみ、− こちらのみ)。もう一度保存すると、こちらの内容で置き換わります。
menu-title = フィールドを追加
menu-sampled = 入力率と例は{ $count }件のサンプルに基づきます。
menu-not-sampled = サンプルはまだ読み取られていません。
menu-take-sample = サンプルを読み取る
menu-calculated = 計算
menu-filled = 入力率 { $share }
menu-refused = 取り込めないプロパティ: { $count }件
menu-apply = 適用
unimportable-file = ファイルはHubSpotに残り、プロパティにはそのIDしか入っていません。
unimportable-json = 単一の値ではなく、HubSpotの内部データが入っています。
unimportable-object_coordinates = HubSpotの内部でレコードを指す値です。
unimportable-unknown_type = このタイプに対応する変換がありません。
save-and-sync = 保存して同期
nothing-found = 見つかりませんでした

# 同期

live-title = 同期中
live-cancel = キャンセル
live-elsewhere = 別のプロセスで同期しています。完了すると結果がここに表示されます。
live-records = レコード
live-calls = 呼び出し
live-quota = 本日の残り呼び出し数
live-left = 残り時間
live-applying = 結果を反映しています。ここからは最後まで完了します。
phase-plan = 計画
phase-read = 読み取り
phase-reconcile = 照合
phase-apply = 反映
phase-prove = 検証
sync-last = 最終同期
sync-never = 未実行
sync-next = 次回の自動同期
sync-next-none = 予定なし
sync-next-paused = 一時停止中
sync-zone = タイムゾーン: { $zone }
sync-now = 今すぐ同期
sync-numbers = { $read }件中{ $matched }件が一致、{ $changed }件を変更
sync-switched-off = 保存しましたが、インテグレーションがオフです
sync-switched-off-do = 同期するにはオンにしてください。

sync-state-running = 実行中
sync-state-delivering = 送信中
sync-state-success = 検証済み
sync-state-partial = 一部未検証
sync-state-failed = 失敗
sync-state-cancelled = キャンセル
