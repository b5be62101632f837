## 訪問者とアカウント: 一覧

subjects-known = { $level ->
    [visitor] { $count ->
               [0] 登録されている訪問者はいません。
              *[other] { $count }件の訪問者が登録されています。
           }
   *[account] { $count ->
               [0] 登録されているアカウントはありません。
              *[other] { $count }件のアカウントが登録されています。
           }
}
subjects-more = { $level ->
    [visitor] { $count }件を超える訪問者が登録されています。
   *[account] { $count }件を超えるアカウントが登録されています。
}
subjects-lost = この検索条件はすでに保存されていないため、条件をリセットして表示しています。

subjects-look = 検索
subjects-starts-with = IDの先頭
subjects-linked = HubSpot
subjects-linked-any = すべて
subjects-linked-yes = HubSpotとリンクあり
subjects-linked-no = HubSpotとリンクなし

subjects-filter = フィルターを追加
subjects-filter-field = フィールド
subjects-filter-choose = フィールドを選択
subjects-filter-tests = 次へ
subjects-filter-test = 条件
subjects-filter-value = 値
subjects-filter-hint = 「値がある」「値がない」では入力不要です。
subjects-filter-add = 追加
subjects-active = 適用中のフィルター
subjects-drop = 解除：{ $what }
subjects-clear = フィルターをすべて解除

subjects-test-is = と等しい
subjects-test-contains = を含む
subjects-test-at-least = 以上
subjects-test-at-most = 以下
subjects-test-filled = 値がある
subjects-test-empty = 値がない
subjects-test-time-is = 当日
subjects-test-time-at-least = 以降
subjects-test-time-at-most = 以前

subjects-chip-starts = IDの先頭が「{ $text }」
subjects-chip-is = { $field }が「{ $value }」
subjects-chip-contains = { $field }に「{ $value }」を含む
subjects-chip-at-least = { $field }が{ $value }以上
subjects-chip-at-most = { $field }が{ $value }以下
subjects-chip-filled = { $field }に値がある
subjects-chip-empty = { $field }に値がない
subjects-chip-time-is = { $field }が{ $value }
subjects-chip-time-at-least = { $field }が{ $value }以降
subjects-chip-time-at-most = { $field }が{ $value }以前

subjects-unfit-field = 絞り込むフィールドを選択してください。
subjects-unfit-test = この条件はフィールドの型に使えません。別の条件を選択してください。
subjects-unfit-none = 条件を選択し、値を入力してください。
subjects-unfit-decimal = このフィールドは数値です。1200や12.5のように入力してください。
subjects-unfit-boolean = このフィールドは「はい」か「いいえ」です。どちらかを選択してください。
subjects-unfit-day = このフィールドは時刻です。2025-04-30のように日付を入力してください。
subjects-unfit-long = 検索する文字列が長すぎます。1,000文字以内で入力してください。
subjects-unfit-many = フィルターはすでに20個あります。先にいずれかを解除してください。

subjects-columns = 列
subjects-columns-search = フィールドを検索
subjects-columns-save = この列を表示
subjects-no-field = 該当するフィールドはありません。

subjects-csv-columns = 列
subjects-csv-shown = 表示中の列
subjects-csv-all = すべてのフィールド
subjects-csv-labels = 選択肢のラベルと担当者名も出力する
subjects-csv-guard = 表計算ソフトで安全に開けるようにする
subjects-csv-guard-hint = 数式と見なされる文字列の先頭にアポストロフィ（'）を付けます。
subjects-csv-go = ダウンロード

subjects-id = ID
subjects-last-sync = 最終同期
subjects-last-sync-hint = HubSpotから最後に値を取り込んだ日時
subjects-never = なし
subjects-run = 同期 { $run }
subjects-no-value = 値なし
subjects-true = はい
subjects-false = いいえ

subjects-pin = { $field }をピン留め
subjects-pinned = ピン留め済み
subjects-pinned-hint = ピン留め済み：すばやく並べ替え・絞り込みができます
subjects-pin-hint = 全員に対してピン留めし、すばやく並べ替え・絞り込みができるようにします
subjects-unpin-hint = 全員に対してピン留めされています。クリックすると解除します。
subjects-too-many-pins = ピン留めできる列は{ $count }個までです。先にいずれかのピン留めを解除してください。

subjects-none = { $level ->
    [visitor] 訪問者がまだ登録されていません
   *[account] アカウントがまだ登録されていません
}
subjects-none-do = プロダクトで使われているIDをインポートしてください。HubSpotのレコードは、このIDと照合されます。
subjects-none-link = IDをインポート
subjects-building = 並べ替えを準備しています
subjects-building-start = 開始しています…
subjects-building-share = { $share }完了。準備ができると一覧が自動的に表示されます。
subjects-nothing = 見つかりませんでした
subjects-nothing-do = すべてのフィルターに当てはまるものはありません。
subjects-nothing-yet = まだ見つかっていません
subjects-examined = ここまでに{ $count }件を調べました。続きがあります。
subjects-further = 続きを調べる
subjects-no-more = これ以上はありません。
subjects-next = 次のページ

subjects-group-auto = 概要（auto）
subjects-group-agent = プロダクトから（agent）
subjects-group-custom = 手動で設定（custom）
subjects-group-hubspot = HubSpotから（hubspot）

## 訪問者・アカウントの詳細

subject-first-known = 初回登録
subject-changed = 最終インポート・編集
subject-record = HubSpotのレコード
subject-record-id = レコード { $record }
subject-record-none = リンクしているレコードはありません。
subject-record-ended = リンクしているレコードはなくなりました。値はそのまま残ります。
subject-new-tab = （HubSpotを新しいタブで開きます）
subject-account-unknown = 登録されていないアカウントです
subject-no-fields = メタデータフィールドがまだありません。次のページで選択してください：

subject-field = フィールド
subject-type = 型
subject-value = 値
subject-source = 取り込み元
subject-pulled = 同期のたびにHubSpotから取り込まれます。編集はHubSpotで行ってください。
subject-kept = Tributaryが管理している値のため、編集できません。
subject-stopped = 停止中
subject-stopped-hint = 取り込みは停止しています。最後の値がそのまま残ります。
subject-edit = 編集
subject-clear = 値を消去
subject-time-zone = タイムゾーン：{ $zone }

subject-unfit-string = この文字列は保存できません。
subject-unfit-decimal = 1200や12.5のように、数値だけを入力してください。
subject-unfit-boolean = 「はい」か「いいえ」を選択してください。
subject-unfit-time = 2025-04-30T09:30のように、日付と時刻を入力してください。

subject-erase = 消去
subject-erase-lead = このIDに関するすべてのデータを、過去の同期に残る記録と保存されている検索条件も含めて消去します。この操作は取り消せません。HubSpotのデータは変更されません。
subject-erase-id = 確認のためIDを入力してください
subject-erase-go = 完全に消去
subject-erase-mismatch = IDが一致しないため、何も消去していません。

audit-value-set = 値を編集
audit-subject-erased = IDに関するデータをすべて消去
audit-field-pinned = 列をピン留め
audit-field-unpinned = 列のピン留めを解除
