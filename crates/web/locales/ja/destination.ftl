# 内蔵サブスクリプションのほかに値を送る先と、その状況

destination-lead = HubSpotから取り込んだ値は、常にこのサブスクリプションに保存されます。Pendoにも送信できます。
destination-what = 接続すると、同期のたびにPendoからIDを取り込み、選択したHubSpotのフィールドを訪問者とアカウントのメタデータとしてPendoに書き込みます。すべての変更がPendoに受け付けられると、同期が「検証済み」になります。
destination-not-connected = 未接続
destination-connected = 接続済み
destination-stopped = 送信停止中
destination-broken = Pendoに送信できません
destination-broken-do = 下のフォームで別のキーを入力してください。それまで、変更は送信待ちのまま残ります。
destination-key = インテグレーションキー
destination-key-hint = PendoのSettings > Integrations > Integration Keysで、「Allow Write Access」を有効にして作成したキーです。暗号化して保存し、再表示することはありません。
destination-region = リージョン
destination-region-hint = Pendoにサインインするときのアドレスで確認できます。
region-us = 米国（US）
region-us1 = 米国（US1）
region-eu = EU
region-jp = 日本
region-au = オーストラリア
destination-prefix = プレフィックス
destination-no-prefix = なし
destination-prefix-hint = Pendoに作成するフィールド名の先頭に付く文字列です。既存のフィールドと区別できます。
destination-connect = 確認して接続
destination-checking = 確認しています…
destination-check = キーを確認
destination-no-region = リージョンを選択してください。
destination-no-key = インテグレーションキー全体を、余分な文字を含めずに入力してください。空白は使えません。
destination-change = キー、リージョン、プレフィックスを変更
destination-change-hint = リージョンとプレフィックスが同じままキーだけを変えても、ほかには影響しません。リージョンまたはプレフィックスを変えると、Pendoに新しいフィールドを作成し、すべての値を送信し直します。以前のフィールドはPendoに残りますが、更新されなくなります。
destination-disconnect-confirm = Pendoとの接続を解除しますか？送信待ちの変更は送信されなくなります。Pendoにある値はそのまま残ります。
destination-waits = 送信待ちあり
destination-differs = 差異あり
destination-not-mapped = このレベルは未設定のため、何も送信されません。次のページでキープロパティとフィールドを選択してください：
destination-ids = Pendoに登録されているID
destination-ids-listed = 全件取得：{ $ago }
destination-ids-never = まだ取得していません。次回の同期で取り込みます。
destination-outbox = 送信待ち
destination-since = 最も古い変更：{ $ago }
destination-nothing-waits = なし
destination-sending = 送信しています…
destination-again = 次の再試行：{ $at }
destination-compared = Pendoとの照合
destination-compared-none = 照合する値はまだありません。
destination-compared-all = 全件
destination-compared-sample = サンプル
destination-compared-at = { $what }、{ $at }
destination-agrees = { $count }件の値がすべて送信したとおりです
destination-differences = { $values }件中{ $count }件の値に差異があります
destination-never-compared = まだ照合していません。
destination-comparing = 照合しています…
destination-compare-sample = サンプルを照合
destination-compare-all = 全件を照合
destination-resend-differing = 差異のある値を送信し直す
destination-resend-all = すべて送信し直す
destination-resend-confirm =
    { $level ->
        [visitor] リンクされているすべての訪問者の値を、Pendoに送信し直しますか？Tributaryが作成したフィールドにPendo側で加えられた変更は上書きされます。
       *[account] リンクされているすべてのアカウントの値を、Pendoに送信し直しますか？Tributaryが作成したフィールドにPendo側で加えられた変更は上書きされます。
    }
destination-fields =
    { $level ->
        [visitor] Pendoに作成した訪問者フィールド
       *[account] Pendoに作成したアカウントフィールド
    }
destination-field = フィールド
destination-field-key = Pendoでのキー
destination-field-type = Pendoでの型
destination-field-state = 値
destination-field-sent = 送信対象
destination-field-held = 保留中
destination-no-fields = フィールドは、はじめて値を送信するときにPendoに作成されます。

outside-held-not-made = フィールドの作成をPendoに依頼しましたが、作成されていません。次回の送信時にもう一度依頼します。
outside-held-integer = Pendoで整数のフィールドとして作成されたため、小数点以下が失われる可能性があります。実際に失われるかどうかは、Tributaryの運用担当者が「tributary pendo probe --write-test-id ID」で確認できます。
outside-held-type = Pendoに同じ名前のフィールド（型：{ $theirs }）があり、こちらの型（{ $ours }）と異なります。別のプレフィックスを指定するか、Pendoでそのフィールドを削除してください（削除しても、元の型のまま復元される場合があります）。
outside-held-other = このフィールドの値をPendoが受け付けません。

differences-title =
    { $level ->
        [visitor] 訪問者の差異
       *[account] アカウントの差異
    }
differences-lead-all = { $at }に全件を照合した結果です。Pendo側で値が変更されたか、書き込みが失われた可能性があります。
differences-lead-sample = { $at }にサンプルを照合した結果です。Pendo側で値が変更されたか、書き込みが失われた可能性があります。
differences-none = 差異はありません
differences-none-do = Pendoの値が送信内容と一致しているか、差異のあった値はすでに送信し直されています。
differences-most = 先頭の{ $count }件を表示しています。
differences-sent = 送信した値
differences-found = Pendoにある値

delivery-title = Pendoへの送信
delivery-under-way = すべての変更がPendoに受け付けられるまで送信を続けます。このページは自動で更新されます。
delivery-whole = 受付済み
delivery-partly = 一部未受付
delivery-unsent = 未送信あり
delivery-nothing = 送信なし
delivery-queued = 変更
delivery-acknowledged = 受付済み
delivery-waiting = 送信待ち
delivery-not-sent = 未送信
delivery-not-sent-hint = 送信前にPendoとの接続が解除されました。もう一度接続すると、すべての値が送信されます。
delivery-held = 送信していないフィールド
delivery-ids-not = PendoからIDを取り込めなかったため、登録済みのIDを使いました。
delivery-ids =
    { $level ->
        [visitor] { $count ->
            [0] Pendoに新しい訪問者IDはありませんでした。
           *[other] Pendoから新しい訪問者IDを{ $count }件取り込みました。
        }
       *[account] { $count ->
            [0] Pendoに新しいアカウントIDはありませんでした。
           *[other] Pendoから新しいアカウントIDを{ $count }件取り込みました。
        }
    }
delivery-ids-all = すべてのIDを取得しました。
delivery-ids-since = 前回の取得以降に追加されたIDを確認しました。

proof-delivered =
    { $count ->
        [0] Pendoに送信する変更はありませんでした。
       *[other] { $count }件の変更すべてがPendoに受け付けられました。
    }
proof-delivering = これまでに{ $count }件の変更のうち{ $acknowledged }件がPendoに受け付けられました。
proof-delivered-not = Pendoに受け付けられたのは、{ $count }件の変更のうち{ $acknowledged }件です。残りの変更と送信していないフィールドは、「Pendoへの送信」で確認できます。

records-title-missing = Pendoに未登録
records-title-refused = Pendoが拒否
records-lead-missing =
    { $level ->
        [visitor] Pendoに登録されていないため、値が受け付けられなかった訪問者です。PendoにIDが登録されると、次回以降の同期で自動的に送信されます。
       *[account] Pendoに登録されていないため、値が受け付けられなかったアカウントです。PendoにIDが登録されると、次回以降の同期で自動的に送信されます。
    }
records-lead-refused =
    { $level ->
        [visitor] Pendoが値を受け付けなかった訪問者と、Pendoからの応答です。
       *[account] Pendoが値を受け付けなかったアカウントと、Pendoからの応答です。
    }
records-said = Pendoからの応答

attention-missing = IDがPendoに登録されていない{ $records }が{ $count }件あります
attention-refused = 値がPendoに受け付けられなかった{ $records }が{ $count }件あります
attention-held-outside = Pendoに送信していないフィールドが{ $count }個あります

alert-destination-broken = { $why }。別のキーを入力するまで送信できません。変更は送信待ちのまま残っています。
alert-destination-waiting = { $count }件の変更がPendoへの送信待ちです（最も古い変更：{ $ago }）。
alert-destination-link = 送信先を開く

ids-outside =
    { $level ->
        [visitor] 訪問者IDはPendoから取り込まれます。同期のたびに、Pendoに登録されているIDが追加されます。ファイルで追加することもできます。
       *[account] アカウントIDはPendoから取り込まれます。同期のたびに、Pendoに登録されているIDが追加されます。ファイルで追加することもできます。
    }
ids-outside-listed = 最後に全件を取得したのは{ $ago }です。
ids-outside-never = 次回の同期ではじめて取り込みます。
ids-outside-instead = IDがPendoにある場合、ファイルは不要です。次のページで接続してください：

step-ids-outside = PendoからIDを取り込む

note-destination-connected = Pendoでキーを確認できたため、接続しました。送信待ちの値を送信しています。
note-destination-works = このキーは有効で、書き込みもできます。
note-destination-disconnected = Pendoとの接続を解除しました。Pendoにある値はそのまま残ります。
note-comparing = 照合を開始します。値は変更されません。
note-resent = 値を送信待ちに追加し、送信しています。
note-resent-nothing = 送信し直す値はありません。

audit-destination-connected = Pendoに接続
audit-destination-disconnected = Pendoとの接続を解除
audit-destination-checked = Pendoのキーを確認
audit-destination-compared = Pendoの値を照合
audit-destination-resent = Pendoに値を再送信
