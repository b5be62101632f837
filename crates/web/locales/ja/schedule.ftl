# 自動同期のスケジュールとキュー

schedule-lead = このサブスクリプションが自動で同期される時刻と、実行待ちのジョブです。
schedule-rhythm = 実行間隔
schedule-nightly = 毎晩（0:00～6:00の間）
schedule-every = 一定の間隔
schedule-minutes = 分
schedule-cron = cron式
schedule-cron-expression = 式
schedule-cron-hint = 分、時、日、月、曜日の5つのフィールドで指定します。サブスクリプションのタイムゾーンで解釈されます。
schedule-next = 今後の同期
schedule-now = まもなく開始
schedule-paused = 再開するまで自動では同期されません。「今すぐ同期」は使用できます。
schedule-pause = 一時停止
schedule-resume = 再開
schedule-idle-paused = スケジュールは一時停止中です。
schedule-idle-off = HubSpotインテグレーションがオフのため、同期されません。
schedule-idle-not-mapped = まだ同期されません。データマッピングでHubSpotに接続し、キープロパティとフィールドを選択してください。
schedule-missed = 実行されなかった同期
schedule-missed-hint = Tributaryが停止していたか、HubSpotに接続できなかったため、次の時間帯には同期が行われませんでした。日中に埋め合わせて実行されることはありません。
schedule-missed-span = { $from }～{ $to }
schedule-missed-windows = { $count ->
   *[other] { $count }回
}
schedule-unknown = 実行間隔を選択してください。
schedule-bad-interval = 間隔は5～1,440分の範囲で指定してください。
schedule-bad-cron = cron式を解釈できません。5つのフィールドで指定してください。例: 平日の3:00は 0 3 * * 1-5
schedule-too-often = cron式で指定された同期の間隔が5分未満です。
schedule-never = このcron式に該当する日時はありません。
queue-title = キュー
queue-list = ジョブの一覧
queue-empty = ジョブはまだありません。
queue-job = ジョブ
queue-import = IDのインポート
queue-remove = IDの削除
queue-deliver = Pendoへの送信
queue-compare = 照合
queue-state = 状態
queue-due = 予定時刻
queue-tries = 試行回数
queue-state-waiting = 待機中
queue-state-running = 実行中
queue-state-done = 完了
queue-state-failed = 失敗
queue-state-cancelled = キャンセル済み
queue-state-expired = 時間内に開始されず
