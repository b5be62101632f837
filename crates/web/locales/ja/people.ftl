## サインイン

sign-in = サインイン
sign-in-title = サインイン
sign-in-wrong = メールアドレスまたはパスワードが正しくありません。
sign-in-forgotten = パスワードを忘れた場合は、再設定用のリンクを管理者に依頼してください。
sign-out = サインアウト
email = メールアドレス
email-bad = name@example.comのような形式でメールアドレスを入力してください。
password = パスワード

## リンクとパスワード

set-up-title = Tributaryの初期設定
set-up-lead = 最初の管理者のメールアドレスとパスワードを決めます。ほかの人は後から招待できます。
set-up-done = Tributaryの初期設定は完了しています。
set-up-go = 最初の管理者を作成
join-title = Tributaryへの招待
join-lead = パスワードを決めて、Tributaryの利用を始めます。
reset-title = パスワードの再設定
reset-lead = 新しいパスワードを決めます。設定すると、ほかのすべての端末からサインアウトします。
ticket = コード
ticket-hint = リンクを開くと自動で入力されます。入力されない場合は、リンクの「#」より後ろの部分を貼り付けてください。
ticket-set-up-hint = サーバーに表示された初期設定用のリンクを開くと自動で入力されます。入力されない場合は、リンクの「#」より後ろの部分を貼り付けてください。
ticket-bad = このリンクは使用済み、期限切れ、または新しいリンクの作成により無効になっています。リンクの発行元に新しいリンクを依頼してください。
password-new = 新しいパスワード
password-again = 新しいパスワード（確認）
password-present = 現在のパスワード
password-rule = 10文字以上。関連のない単語を組み合わせると、覚えやすく推測されにくくなります。
password-set = パスワードを設定
password-change = パスワードを変更
password-wrong = 現在のパスワードが正しくありません。
password-short = パスワードが短すぎます。10文字以上にしてください。
password-wait = パスワードの誤りが続いたため、しばらく受け付けられません。数分後にもう一度お試しください。
password-long = パスワードが長すぎます。もっと短いものにしてください。
password-is-name = パスワードにメールアドレスやその名前の部分が含まれています。別のものにしてください。
password-same-letters = パスワードに使われている文字の種類が少なすぎます。4種類以上の文字を使ってください。
password-differs = 2つのパスワードが一致しません。同じものを入力してください。

## プロフィール

account-password = パスワード
account-sessions = サインイン中の端末
account-this-session = このブラウザ
account-sign-out-everywhere = ほかのすべての端末からサインアウト

## ユーザー

users-lead = サインインできるユーザーとその権限です。
users-invite = ユーザーの招待
users-invite-go = 招待リンクを作成
users-link-title = { $email }のリンク
users-link-hint = このリンクを本人に送ってください。Tributaryからメールは送信されず、リンクが再び表示されることもありません。使えるのは7日以内に1回だけです。リンクを開いた人は、このユーザーのパスワードを設定できます。
users-state = 状態
users-active = 有効
users-inactive = 無効
users-invited = 招待中
users-signed-in = 最終サインイン
users-you = 自分
users-role-of = { $email }の役割
users-reset = パスワード再設定リンクを作成
users-link-again = 新しいリンクを作成
users-activate = 有効にする
users-deactivate = 無効にする
users-deactivate-confirm = { $email }を無効にしますか？すぐにサインアウトされ、サインインできなくなります。
role = 役割
role-admin = 管理者
role-viewer = 閲覧者
role-hint = 閲覧者はデータと設定を見ることができますが、変更はできません。管理者はすべての変更とユーザーの管理ができます。役割はすべてのサブスクリプションで共通です。
member-taken = このメールアドレスのユーザーはすでに存在します。
member-last-admin = 有効な管理者がほかにいません。先に別のユーザーを管理者にしてください。

## サブスクリプション

subscription-new-lead = 1つのサブスクリプションで、1つのプロダクトの訪問者とアカウントを管理します。
subscription-make = サブスクリプションを作成
subscription-name = 名前
subscription-name-hint = プロダクト名など。80文字まで。
subscription-bad-name = 名前を1〜80文字で入力してください。
subscription-bad-zone = このタイムゾーンは存在しません。Asia/Tokyoのように、一覧から選択してください。
subscription-taken = 同じ名前のサブスクリプションがあります。別の名前にしてください。
subscription-language-hint = 言語と表示テーマはユーザーごとの設定です。右上のメニューで変更できます。
time-zone-hint = ページの日付と時刻はこのタイムゾーンで表示されます。Asia/Tokyoのように、一覧から選択してください。

waiting-title = サブスクリプションがありません
waiting-lead = 管理者がサブスクリプションを作成すると、ここにデータが表示されます。作成後にもう一度開いてください。

## HubSpotアプリ

app-lead = HubSpotへのアクセス許可を求めるためのアプリです。すべてのサブスクリプションで共通です。
app-register = HubSpotでのアプリの登録
app-register-lead = OAuthを使うアプリをHubSpotで作成し、次の値をそのまま入力します。
app-redirect = リダイレクトURL
app-scopes = 必須のスコープ
app-optional-scopes = 任意のスコープ
app-enter = アプリの設定
app-present = クライアントIDが{ $id }のアプリを使用しています。
app-configured = サーバーの設定ファイルなどで指定されているため、ここでは変更できません。
app-client-id = クライアントID
app-client-secret = クライアントシークレット
app-secret-hint = 暗号化して保存され、再び表示されることはありません。
app-check = 確認して保存
app-remove = アプリを削除
app-remove-confirm = アプリを削除しますか？このアプリによる接続は、アプリを設定し直すまで使えなくなります。
app-token-instead = サービスキーまたは非公開アプリのトークンを使えば、アプリなしでも接続できます。

## ストレージ

storage-lead = 保存されるデータの種類、期間、容量です。
storage-room = 容量（全サブスクリプション）
storage-database = データベース
storage-free = データベース内の空き
storage-log = データベースに統合する前の変更
storage-kept = 保存されるデータ
storage-values = メタデータの値
storage-values-how-long = 同期で置き換えられるか空になるまで、または訪問者やアカウントが消去されるまで
storage-details = 同期の詳細
storage-details-how-long = { $days }日間（不一致、隔離された値、変更）。最新の同期の詳細は期間を過ぎても残ります。
storage-reports = 同期のレポート
storage-reports-how-long = 無期限（件数のみで、値は含みません）
storage-uploads = IDのファイル
storage-uploads-how-long = インポートまたは破棄されるまで（最長1日）
storage-samples = HubSpotレコードのサンプル
storage-samples-how-long = 最長30分（メモリ上のみ）
storage-count = 集計する
storage-what = 種類
storage-how-many = 件数
storage-linked = { $level ->
    [visitor] コンタクトとリンクしている訪問者
   *[account] 会社とリンクしているアカウント
}
storage-versions = HubSpotメタデータのバージョン（全サブスクリプション）
storage-outcomes = 不一致・除外・失敗のレコード（全サブスクリプション）
storage-quarantined = 隔離された値（全サブスクリプション）
storage-runs = 詳細が残っている同期（全サブスクリプション）
storage-oldest = 最も古いもの：{ $time }

## 監査ログ

audit-lead = 誰が何を変更したかを、新しい順に表示します。
audit-empty = 変更はまだありません。
audit-when = 日時
audit-who = ユーザー
audit-what = 操作
audit-where = サブスクリプション

audit-member-set-up = 最初の管理者として初期設定を実施
audit-member-invited = ユーザーを招待
audit-member-joined = 招待を承諾
audit-member-changed = ユーザーを変更
audit-member-link-made = パスワード設定用のリンクを作成
audit-member-password-changed = 自分のパスワードを変更
audit-member-password-reset = リンクからパスワードを再設定
audit-member-signed-out-everywhere = ほかのすべての端末からサインアウト
audit-subscription-made = サブスクリプションを作成
audit-subscription-changed = サブスクリプションを変更
audit-schedule-changed = スケジュールを変更
audit-hubspot-app-saved = HubSpotアプリを保存
audit-hubspot-app-removed = HubSpotアプリを削除
audit-hubspot-connected = HubSpotに接続
audit-hubspot-disconnected = HubSpotとの接続を解除
audit-integration-switched-on = HubSpotインテグレーションをオンに変更
audit-integration-switched-off = HubSpotインテグレーションをオフに変更
audit-key-measured = キープロパティを測定
audit-key-saved = キープロパティを保存
audit-mapping-saved = フィールドを保存
audit-sync-started = 同期を開始
audit-sync-cancelled = 同期をキャンセル
audit-ids-imported = IDをインポート
audit-ids-removed = ファイルにないIDを削除
audit-ids-cancelled = IDのインポートをキャンセル
audit-outside-cancelled = 送信または照合をキャンセル

## ID

ids-lead = プロダクトで使われている訪問者IDとアカウントIDです。HubSpotのレコードは、これらのIDと完全に一致した場合にだけリンクされます。
ids-known = { $level ->
    [visitor] 登録済みの訪問者：{ $count }件
   *[account] 登録済みのアカウント：{ $count }件
}
ids-upload = ファイルのインポート
ids-file = ファイル
ids-file-hint = UTF-8のCSVまたはNDJSON。サイズの制限はありません。インポートの前に内容を確認できます。
ids-upload-go = アップロードして確認
ids-forms = ファイルの形式
ids-form-csv = CSV：1行目は列名です。id列が必要です。訪問者の場合は、accounts列にアカウントIDをセミコロン区切りで入れられます。そのほかの列は、agentグループのメタデータフィールドになります。
ids-form-ndjson = NDJSON：1行に1つのJSONオブジェクトを書きます。
ids-no-file = ファイルを選択してください。
ids-busy = 別のファイルをインポートしています。完了してから、もう一度送信してください。
ids-replaced = このファイルは、破棄されたか、別のファイルに置き換えられています。何も変更されていません。
ids-preview = { $name }のプレビュー
ids-preview-hint = { $size }。先頭の行を表示しています。まだインポートされていません。
ids-preview-none = ファイルの先頭に使える行がありません。ファイルを修正して、もう一度送信してください。
ids-new-fields = 新しいメタデータフィールド：
ids-mirror = このファイルにすべてのIDが含まれている
ids-mirror-hint = インポートの後、ファイルにないIDを削除するかどうかを確認します。使えない行が1行でもある場合は削除されません。
ids-load = インポート
ids-discard = ファイルを破棄
ids-another = 別のファイルを選択
ids-loading = { $name }をインポートしています
ids-removing = { $name }にないIDを削除しています
ids-waiting = 順番を待っています。先に実行されている同期などが終わると、自動的に始まります。
ids-waiting-again = 前回は完了できませんでした：{ $problem }（{ $code }）。自動的に再試行します。
ids-lines-so-far = { $count }行を読み取りました（ファイルの{ $share }）
ids-removed-so-far = { $count }件を削除しました（残り{ $left }件）
ids-cancelling = キャンセルしています…
ids-loaded = ファイルをインポートしました。
ids-cancelled = インポートをキャンセルしました。それまでにインポートされた内容は残っています。
ids-given-up = ファイルをインポートできませんでした
ids-given-up-do = 処理中にサーバーの予期しない終了が繰り返されました。それまでにインポートされた内容は残っています。Tributaryの運用担当者に連絡してください。
ids-lines = 読み取った行
ids-created = 新しいID
ids-known-before = 登録済みのIDの行
ids-bad = 使われなかった行
ids-removed = 削除したID
ids-bad-lines = 使えない行とその理由（{ $count }行）
line-number = { $line }行目
ids-unseen = 登録済みのIDのうち{ $count }件がこのファイルにありません。削除すると、そのIDに関するすべてのデータが消去されます。
ids-keep = 残す
ids-remove = { $count }件のIDを削除

# What a change was about

detail-all = 全件
detail-prefix = プレフィックス
detail-region = リージョン
detail-works = 有効
detail-active = 有効
detail-client_id = クライアントID
detail-email = メールアドレス
detail-fields = フィールド
detail-field = フィールド
detail-file = ファイル
detail-group = グループ
detail-key = キー
detail-level = レベル
detail-mirror = ファイルにないIDを削除
detail-name = 名前
detail-portal = HubSpotアカウント
detail-revoked = HubSpot側の許可を取り消し
detail-role = 役割
detail-rhythm = 実行間隔
detail-paused = 一時停止
detail-job = ジョブ
detail-run = 同期
detail-scopes = 権限
detail-time_zone = タイムゾーン
detail-count = 件数
