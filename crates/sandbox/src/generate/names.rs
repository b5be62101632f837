//! Invented people and companies: Japanese and other names, written as their bearers would and in Latin letters.

use crate::hash::{below, mix, pick};

const JA_FAMILY: [(&str, &str); 32] = [
    ("佐藤", "sato"),
    ("鈴木", "suzuki"),
    ("高橋", "takahashi"),
    ("田中", "tanaka"),
    ("伊藤", "ito"),
    ("渡辺", "watanabe"),
    ("山本", "yamamoto"),
    ("中村", "nakamura"),
    ("小林", "kobayashi"),
    ("加藤", "kato"),
    ("吉田", "yoshida"),
    ("山田", "yamada"),
    ("佐々木", "sasaki"),
    ("山口", "yamaguchi"),
    ("松本", "matsumoto"),
    ("井上", "inoue"),
    ("木村", "kimura"),
    ("林", "hayashi"),
    ("斎藤", "saito"),
    ("清水", "shimizu"),
    ("山崎", "yamazaki"),
    ("森", "mori"),
    ("池田", "ikeda"),
    ("橋本", "hashimoto"),
    ("阿部", "abe"),
    ("石川", "ishikawa"),
    ("前田", "maeda"),
    ("藤田", "fujita"),
    ("後藤", "goto"),
    ("岡田", "okada"),
    ("長谷川", "hasegawa"),
    ("𠮷野", "yoshino"),
];

const JA_GIVEN: [(&str, &str); 32] = [
    ("陽菜", "hina"),
    ("結衣", "yui"),
    ("美咲", "misaki"),
    ("さくら", "sakura"),
    ("葵", "aoi"),
    ("凛", "rin"),
    ("花子", "hanako"),
    ("真由美", "mayumi"),
    ("由美子", "yumiko"),
    ("恵子", "keiko"),
    ("愛", "ai"),
    ("千尋", "chihiro"),
    ("翔太", "shota"),
    ("蓮", "ren"),
    ("大輔", "daisuke"),
    ("健太", "kenta"),
    ("太郎", "taro"),
    ("拓也", "takuya"),
    ("直樹", "naoki"),
    ("誠", "makoto"),
    ("学", "manabu"),
    ("浩", "hiroshi"),
    ("隆", "takashi"),
    ("修", "osamu"),
    ("洋平", "yohei"),
    ("悠斗", "yuto"),
    ("颯", "hayate"),
    ("エミリ", "emiri"),
    ("ジュン", "jun"),
    ("明日香", "asuka"),
    ("智子", "tomoko"),
    ("一郎", "ichiro"),
];

const FAMILY: [(&str, &str); 32] = [
    ("Smith", "smith"),
    ("Johnson", "johnson"),
    ("O'Brien", "obrien"),
    ("García", "garcia"),
    ("Müller", "mueller"),
    ("Dubois", "dubois"),
    ("Nguyễn", "nguyen"),
    ("Kowalski", "kowalski"),
    ("Rossi", "rossi"),
    ("Silva", "silva"),
    ("Andersson", "andersson"),
    ("van den Berg", "vandenberg"),
    ("Novák", "novak"),
    ("Papadopoulos", "papadopoulos"),
    ("Kim", "kim"),
    ("Chen", "chen"),
    ("Singh", "singh"),
    ("Haddad", "haddad"),
    ("Cohen", "cohen"),
    ("Okafor", "okafor"),
    ("Ivanova", "ivanova"),
    ("Yılmaz", "yilmaz"),
    ("Jensen", "jensen"),
    ("Murphy", "murphy"),
    ("Taylor-Jones", "taylorjones"),
    ("Fernández", "fernandez"),
    ("Schäfer", "schaefer"),
    ("Lindqvist", "lindqvist"),
    ("Moreau", "moreau"),
    ("Brown", "brown"),
    ("Walker", "walker"),
    ("Li", "li"),
];

const GIVEN: [(&str, &str); 32] = [
    ("Emma", "emma"),
    ("Olivia", "olivia"),
    ("Noah", "noah"),
    ("Liam", "liam"),
    ("Zoë", "zoe"),
    ("José", "jose"),
    ("François", "francois"),
    ("Anna", "anna"),
    ("Björn", "bjoern"),
    ("Chloé", "chloe"),
    ("Mateo", "mateo"),
    ("Sofia", "sofia"),
    ("Lucas", "lucas"),
    ("Priya", "priya"),
    ("Wei", "wei"),
    ("Fatima", "fatima"),
    ("Omar", "omar"),
    ("Ingrid", "ingrid"),
    ("Tomáš", "tomas"),
    ("Katarzyna", "katarzyna"),
    ("Minh", "minh"),
    ("Grace", "grace"),
    ("Daniel", "daniel"),
    ("Sarah", "sarah"),
    ("Michael", "michael"),
    ("Elena", "elena"),
    ("Jean-Luc", "jeanluc"),
    ("Ada", "ada"),
    ("Hannah", "hannah"),
    ("Ravi", "ravi"),
    ("Nora", "nora"),
    ("Maximilian", "maximilian"),
];

const JA_FIRST: [(&str, &str); 16] = [
    ("青空", "aozora"),
    ("北斗", "hokuto"),
    ("桜", "sakura"),
    ("富士見", "fujimi"),
    ("みらい", "mirai"),
    ("大和", "yamato"),
    ("瀬戸内", "setouchi"),
    ("銀河", "ginga"),
    ("東雲", "shinonome"),
    ("日の出", "hinode"),
    ("若葉", "wakaba"),
    ("白鳥", "hakucho"),
    ("さざなみ", "sazanami"),
    ("朝日坂", "asahizaka"),
    ("松風", "matsukaze"),
    ("港南", "konan"),
];

const JA_TRADE: [(&str, &str); 12] = [
    ("ロボティクス", "robotics"),
    ("システムズ", "systems"),
    ("物流", "logistics"),
    ("製作所", "works"),
    ("商事", "trading"),
    ("ソフトウェア", "software"),
    ("電機", "electric"),
    ("食品", "foods"),
    ("メディカル", "medical"),
    ("不動産", "estate"),
    ("クラウド", "cloud"),
    ("教育研究所", "education"),
];

const FIRST: [(&str, &str); 16] = [
    ("Northwind", "northwind"),
    ("Bluebird", "bluebird"),
    ("Harbor & Finch", "harborfinch"),
    ("Granite", "granite"),
    ("Lumière", "lumiere"),
    ("Zephyr", "zephyr"),
    ("Quill", "quill"),
    ("Copperleaf", "copperleaf"),
    ("Nordlys", "nordlys"),
    ("Tidewater", "tidewater"),
    ("Juniper", "juniper"),
    ("Ostra", "ostra"),
    ("Kestrel", "kestrel"),
    ("Meridian", "meridian"),
    ("Pine\u{2011}Street", "pinestreet"),
    ("Altavia", "altavia"),
];

const TRADE: [(&str, &str); 12] = [
    ("Robotics", "robotics"),
    ("Systems", "systems"),
    ("Logistics", "logistics"),
    ("Analytics", "analytics"),
    ("Trading GmbH", "trading"),
    ("Software", "software"),
    ("Energy", "energy"),
    ("Foods S.A.", "foods"),
    ("Health, Inc.", "health"),
    ("Estates", "estates"),
    ("Cloud", "cloud"),
    ("Learning", "learning"),
];

const CITIES_JA: [&str; 12] = [
    "東京都千代田区",
    "東京都渋谷区",
    "大阪市北区",
    "横浜市西区",
    "名古屋市中区",
    "福岡市博多区",
    "札幌市中央区",
    "仙台市青葉区",
    "京都市下京区",
    "神戸市中央区",
    "広島市中区",
    "つくば市",
];

const CITIES: [(&str, &str); 16] = [
    ("New York", "United States"),
    ("San Francisco", "United States"),
    ("Austin", "United States"),
    ("London", "United Kingdom"),
    ("Manchester", "United Kingdom"),
    ("Berlin", "Germany"),
    ("München", "Germany"),
    ("Paris", "France"),
    ("Lyon", "France"),
    ("Amsterdam", "Netherlands"),
    ("Stockholm", "Sweden"),
    ("São Paulo", "Brazil"),
    ("Singapore", "Singapore"),
    ("Sydney", "Australia"),
    ("Toronto", "Canada"),
    ("Kraków", "Poland"),
];

const STREETS: [&str; 8] = [
    "Canal Street",
    "Station Road",
    "Rue de la Gare",
    "Hauptstraße",
    "Market Square",
    "Elm Avenue",
    "Quay 4",
    "Hill Lane",
];

/// A person, drawn from a record's hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    hash: u64,
}

impl Person {
    pub(crate) fn new(record_hash: u64) -> Self {
        Self {
            hash: mix(record_hash ^ 0x9e11),
        }
    }

    pub(crate) fn is_japanese(self) -> bool {
        self.hash & 0xff < 115
    }

    /// Given name as written, and in Latin letters.
    pub(crate) fn given(self) -> (&'static str, &'static str) {
        pick(
            self.hash.rotate_left(13),
            if self.is_japanese() {
                &JA_GIVEN
            } else {
                &GIVEN
            },
        )
    }

    /// Family name as written, and in Latin letters.
    pub(crate) fn family(self) -> (&'static str, &'static str) {
        pick(
            self.hash.rotate_left(29),
            if self.is_japanese() {
                &JA_FAMILY
            } else {
                &FAMILY
            },
        )
    }

    /// The language a browser of this person would ask for.
    pub(crate) fn language(self) -> &'static str {
        if self.is_japanese() {
            "ja"
        } else {
            pick(
                self.hash.rotate_left(41),
                &["en", "en", "en-gb", "de", "fr", "es", "pt-br"],
            )
        }
    }
}

/// A company, drawn from its hash; `index` keeps its domain its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    hash: u64,
    index: u32,
}

impl Company {
    pub(crate) fn new(record_hash: u64, index: u32) -> Self {
        Self {
            hash: mix(record_hash ^ 0xc0_c0),
            index,
        }
    }

    pub(crate) fn is_japanese(self) -> bool {
        self.hash & 0xff < 128
    }

    fn words(self) -> ((&'static str, &'static str), (&'static str, &'static str)) {
        if self.is_japanese() {
            (
                pick(self.hash.rotate_left(11), &JA_FIRST),
                pick(self.hash.rotate_left(23), &JA_TRADE),
            )
        } else {
            (
                pick(self.hash.rotate_left(11), &FIRST),
                pick(self.hash.rotate_left(23), &TRADE),
            )
        }
    }

    pub(crate) fn write_name(self, out: &mut Vec<u8>) {
        let (first, trade) = self.words();
        if self.is_japanese() {
            if self.hash & 0x100 == 0 {
                out.extend_from_slice("株式会社".as_bytes());
            }
            out.extend_from_slice(first.0.as_bytes());
            out.extend_from_slice(trade.0.as_bytes());
        } else {
            out.extend_from_slice(first.0.as_bytes());
            out.push(b' ');
            out.extend_from_slice(trade.0.as_bytes());
        }
    }

    pub(crate) fn write_domain(self, out: &mut Vec<u8>) {
        let (first, trade) = self.words();
        out.extend_from_slice(first.1.as_bytes());
        out.push(b'-');
        out.extend_from_slice(trade.1.as_bytes());
        out.push(b'-');
        write_number(u64::from(self.index) + 1, out);
        out.extend_from_slice(b".example");
    }
}

/// A city; Japanese ones for Japanese people and companies.
pub(crate) fn city(hash: u64, japanese: bool) -> &'static str {
    if japanese {
        pick(hash, &CITIES_JA)
    } else {
        pick(hash, &CITIES).0
    }
}

/// The country of [`city`] for the same hash.
pub(crate) fn country(hash: u64, japanese: bool) -> &'static str {
    if japanese {
        "Japan"
    } else {
        pick(hash, &CITIES).1
    }
}

pub(crate) fn write_street(hash: u64, japanese: bool, out: &mut Vec<u8>) {
    if japanese {
        out.extend_from_slice(
            pick(
                hash,
                &["丸の内", "神南", "梅田", "みなとみらい", "栄", "駅前通り"],
            )
            .as_bytes(),
        );
        write_number(1 + below(hash.rotate_left(7), 9), out);
        out.push(b'-');
        write_number(1 + below(hash.rotate_left(17), 30), out);
        out.push(b'-');
        write_number(1 + below(hash.rotate_left(27), 20), out);
    } else {
        write_number(1 + below(hash.rotate_left(7), 400), out);
        out.push(b' ');
        out.extend_from_slice(pick(hash, &STREETS).as_bytes());
    }
}

/// Writes a number in decimal.
pub(crate) fn write_number(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
