# 同期履歴：一覧、1回の同期とその検証、数字の元になったレコード

runs-lead = このサブスクリプションの同期を新しい順に表示します。検証結果と、それぞれの数字の元になったレコードを確認できます。
runs-none = 同期はまだありません
runs-none-do = データマッピングでHubSpotに接続し、キープロパティを設定してフィールドを選択すると、最初の同期がここに表示されます。
runs-none-go = データマッピングを開く
runs-csv = CSVをダウンロード

run-title = 同期 #{ $run }
run-number = 番号
run-level = レベル
run-result = 結果
run-started = 開始
run-finished = 終了
run-duration = 所要時間
run-trigger = 実行方法
run-read = 読み取り
run-matched = 一致
run-changed = 変更
run-quarantined = 隔離
run-level-data = { $level ->
    [visitor] 訪問者
   *[account] アカウント
}

run-running = 同期中
run-delivering = 送信中
run-proved = 検証済み
run-partial = 一部未検証
run-failed = 失敗
run-cancelled = キャンセル
run-dry = ドライラン
run-measuring = 測定

run-trigger-command = コマンドライン
run-trigger-page = 画面から
run-trigger-measure = 測定
run-trigger-schedule = スケジュール

run-lost = 同期の途中でプロセスが終了しました。それまでに読み取った内容は破棄されています。
run-dry-note = これはドライランです。変更される件数を数えただけで、値は変更していません。
run-cancelled-note = この同期はキャンセルされました。値は変更されていません。
run-measured-key =
    プロパティ「{ $key }」が{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }のIDとどれだけ一致するかを測定しました。値は変更していません。
run-measured =
    プロパティが{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }のIDとどれだけ一致するかを測定しました。値は変更していません。
run-measured-back = キープロパティの設定に戻る
run-pruned = 保存期間（{ $days }日）を過ぎたため、この同期の詳細は削除されました。件数は引き続き確認できます。

run-held = 保留中のフィールド
run-held-hint = 次のフィールドには書き込んでいません。前回の値がそのまま残り、ほかのフィールドの同期は続きます。
run-held-gone = HubSpotにこのプロパティがありません。HubSpotで復元するか、データマッピングでフィールドを削除してください。
run-held-left-out = プロパティは存在しますが、HubSpotからの一部の応答に含まれていませんでした。次回の同期でもう一度読み取ります。
run-held-type = HubSpotでのプロパティの型が「{ $now }」になりましたが、フィールドの型は「{ $field }」です。HubSpotで型を元に戻すか、フィールドを削除してからプロパティを追加し直してください。
run-held-unimportable = プロパティが、インポートできない型に変わりました。

run-quarantined-title = 隔離された値
run-quarantined-hint = フィールドの型に合わない値が{ $count }件あり、取り込まずに隔離しました。フィールドには最後の正しい値が残っています。
run-quarantined-all = すべて表示

run-facts = 詳細
run-written = 書き込んだ値
run-cleared = 消去した値
run-links-ended = 終了したリンク
run-known = { $level ->
    [visitor] 登録済みの訪問者
   *[account] 登録済みのアカウント
}
run-known-parts = リンクあり { $linked }件、レコードなし { $without }件
run-calls = HubSpotへのAPIコール
run-call-search = 検索
run-call-list = 一覧
run-call-batch_read = 一括読み取り
run-call-properties = プロパティ
run-call-other = その他
run-refused = 制限により拒否され、再試行した回数
run-reader = 読み取り方法
run-reader-search = 検索（キーに値があるレコードのみ）
run-reader-list = 一覧（すべてのレコード）

# 一致しなかった理由

run-reason-empty_key = キーが空
run-reason-duplicate_key = キーが重複
run-reason-differs_by_case = 大文字・小文字の違い
run-reason-differs_by_space = 空白の違い
run-reason-differs_by_trailing_zero = 末尾の「.0」の違い
run-reason-differs_by_prefix = プレフィックスの違い
run-reason-unknown_id = 登録のないID

# 図

flow-title = レコードの流れ
flow-line = { $name }：{ $count }件。
flow-contacts = HubSpotのコンタクト
flow-companies = HubSpotの会社
flow-read = 読み取り
flow-unread = 届かなかったレコード
flow-without-key = キーなし（対象外）
flow-matched = 一致
flow-missed = 一致なし
flow-excluded = 除外
flow-failed = 失敗
flow-changed = 変更あり
flow-unchanged = 変更なし

# 検証結果の説明

proof-title = 検証結果
proof-mark-good = 確認済み
proof-mark-bad = 不一致
proof-mark-warning = 補足
proof-mark-plain = 補足
proof-all-read =
    HubSpotの集計では、対象の{ $level ->
        [visitor] コンタクト
       *[account] 会社
    }は読み取りの前後とも{ $before }件で、すべて読み取れました。
proof-all-read-moving =
    HubSpotの集計では、対象の{ $level ->
        [visitor] コンタクト
       *[account] 会社
    }は読み取り前に{ $before }件、読み取り後に{ $after }件でした。読み取り中に増減がありましたが、{ $read }件を漏れなく読み取りました。
proof-unread = HubSpotの集計に含まれるレコードのうち{ $count }件は、再度要求しても届きませんでした。
proof-range = レコードID { $from }〜{ $to }
proof-uncounted = 読み取り前後のHubSpotの集計より{ $count }件多くレコードが届きました。
proof-healed = はじめに届かなかった{ $count }件を検出し、読み取り直しました。
proof-adds-up = 読み取ったすべてのレコードについて、結果が確定しています。
proof-adds-up-not = 読み取ったレコードの内訳が合計と一致しません。
proof-sum = 読み取り { $read } = 一致 { $matched } + 一致なし { $missed } + 除外 { $excluded } + 失敗 { $failed }
proof-failed = HubSpotから届いたデータのうち、{ $count }件のレコードを解釈できませんでした。
proof-held = { $count }個のフィールドが保留中のため、書き込まれていません（下記参照）。
proof-checksum =
    書き込み後に読み直した結果、{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }の値はHubSpotのレコードの内容と完全に一致しています。
proof-checksum-not =
    書き込み後に読み直した結果、{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }の値がHubSpotのレコードの内容と一致していません。
proof-checksums = チェックサム：期待値 { $expected }、保存値 { $stored }
proof-fields =
    { $count }個のフィールドすべてで、値を持つ{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }の数が期待どおりです。
proof-fields-not =
    { $count }個のフィールドのうち、値を持つ{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }の数が期待どおりなのは{ $agreeing }個です。
proof-field = { $field }：期待値 { $expected }件、保存値 { $stored }件
proof-rewritten =
    値が変わっていた{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }{ $count }件を検出し、書き込み直しました。
proof-damaged =
    一部の{ $level ->
        [visitor] 訪問者
       *[account] アカウント
    }の値が、本来の値と異なったままです。
proof-dry = 何も書き込んでいないため、読み直しによる確認はありません。
proof-measured = キーだけを読み取り、何も書き込んでいないため、読み直しによる確認はありません。
proof-not-read-back = 書き込みは完了しましたが、読み直して確認することができませんでした。

# 数字の元になったレコード

records-page-title = { $list } · 同期 #{ $run }
records-lists = この同期のレコード
records-all = すべて
records-filters = 絞り込み
records-next = 次のページ
records-title-missed = 一致なし
records-title-matched = 一致
records-title-changed = 変更あり
records-title-unchanged = 変更なし
records-title-quarantined = 隔離
records-title-excluded = 除外
records-title-failed = 失敗
records-title-ended = 終了したリンク
records-lead-missed =
    { $level ->
        [visitor] キーが訪問者のIDと一致しなかったコンタクトと、その理由です。
       *[account] キーがアカウントのIDと一致しなかった会社と、その理由です。
    }
records-lead-matched =
    { $level ->
        [visitor] キーが訪問者のIDと一致したコンタクトです。
       *[account] キーがアカウントのIDと一致した会社です。
    }
records-lead-changed =
    { $level ->
        [visitor] この同期で値が変わった訪問者と、変更前後の値です。
       *[account] この同期で値が変わったアカウントと、変更前後の値です。
    }
records-lead-unchanged =
    { $level ->
        [visitor] 訪問者がすでに同じ値を持っていたコンタクトです。
       *[account] アカウントがすでに同じ値を持っていた会社です。
    }
records-lead-quarantined = フィールドの型に合わないため取り込まなかった値です。フィールドには最後の正しい値が残っています。
records-lead-excluded = 書き込みの前に、アーカイブ、削除、または統合されたレコードです。
records-lead-failed = HubSpotから届いたデータを解釈できなかったレコードです。
records-lead-ended =
    { $level ->
        [visitor] 対応するコンタクトがなくなった訪問者です。値はそのまま残ります。
       *[account] 対応する会社がなくなったアカウントです。値はそのまま残ります。
    }

records-search = レコードを検索
records-search-id = ID
records-search-keys = レコードID、キー、または近いIDを、空白も含めて完全一致で検索します。
records-search-records = レコードIDを完全一致で検索します。
records-search-subjects =
    { $level ->
        [visitor] レコードIDまたは訪問者IDを完全一致で検索します。
       *[account] レコードIDまたはアカウントIDを完全一致で検索します。
    }
records-search-clear = クリア
records-found =
    { $count ->
        [0] このIDに一致するものはありません。
       *[other] { $count }件見つかりました
    }
records-found-full = ほかにもある可能性があります。
records-none = 該当するものはありません。
records-gone = このリストは表示できません
records-running = 同期中です。完了するとレコードを表示できます。
records-not-done = この同期は完了しなかったため、途中までの内容は残っていません。
records-pruned = 保存期間を過ぎたため、この同期の詳細は削除されました。件数は引き続き確認できます。
records-dry = ドライランでは値が変更されないため、一致・変更のリストはありません。
records-latest-only = このリストは、各レベルの最新の同期についてのみ保存されています。

records-record = HubSpotのレコード
records-subject =
    { $level ->
        [visitor] 訪問者
       *[account] アカウント
    }
records-key = キー
records-near =
    { $level ->
        [visitor] 近い訪問者ID
       *[account] 近いアカウントID
    }
records-property = プロパティ
records-value = 値
records-reason = 理由
records-changes = 変更内容
records-in-hubspot = （HubSpotで開く）
records-no-key = 空
records-no-value = 値なし
records-blank-space = 空白
records-blank-tab = タブ
records-blank-line = 改行

records-quarantine-not_a_number = 数値ではありません
records-quarantine-too_many_digits = 38桁を超えています
records-quarantine-number_out_of_range = 数値が大きすぎるか、小さすぎるか、細かすぎます
records-quarantine-not_a_boolean = trueでもfalseでもありません
records-quarantine-not_a_date = 日付ではありません
records-quarantine-not_a_time = 日時ではありません
records-quarantine-time_out_of_range = 0000年〜9999年の範囲外です

records-ended-key_changed = キーが変更されました
records-ended-key_cleared = キーが空になりました
records-ended-record_gone = レコードが削除されました
records-ended-record_merged = レコードが別のレコードに統合されました
records-ended-record_archived = レコードがアーカイブされました
records-ended-no_answer = HubSpotからレコードが届かなくなりました
