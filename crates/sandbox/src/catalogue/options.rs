//! Options of the enumerations, in the order they are shown.

use std::borrow::Cow;

use super::Choice;
use super::families::STAGES;

type Pairs = &'static [(&'static str, &'static str)];

const SOURCES: Pairs = &[
    ("ORGANIC_SEARCH", "Organic search"),
    ("PAID_SEARCH", "Paid search"),
    ("EMAIL_MARKETING", "Email marketing"),
    ("SOCIAL_MEDIA", "Organic social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other campaigns"),
    ("DIRECT_TRAFFIC", "Direct traffic"),
    ("OFFLINE", "Offline sources"),
    ("PAID_SOCIAL", "Paid social"),
    ("AI_REFERRALS", "AI referrals"),
];

#[expect(clippy::too_many_lines, reason = "a table, one row per property")]
fn pairs(name: &str) -> Pairs {
    match name {
        "lifecyclestage" => &STAGES,
        "hs_lead_status" => &[
            ("NEW", "New"),
            ("OPEN", "Open"),
            ("IN_PROGRESS", "In progress"),
            ("OPEN_DEAL", "Open deal"),
            ("UNQUALIFIED", "Unqualified"),
            ("ATTEMPTED_TO_CONTACT", "Attempted to contact"),
            ("CONNECTED", "Connected"),
            ("BAD_TIMING", "Bad timing"),
        ],
        "hs_language" => &[
            ("ja", "Japanese"),
            ("en", "English"),
            ("en-gb", "English (UK)"),
            ("de", "German"),
            ("fr", "French"),
        ],
        "hs_timezone" => &[
            ("asia_slash_tokyo", "UTC +09:00 Asia Tokyo"),
            ("europe_slash_berlin", "UTC +01:00 Europe Berlin"),
            ("us_slash_eastern", "UTC -05:00 US Eastern"),
        ],
        "numemployees" | "hs_employee_range" => &[
            ("1-5", "1-5"),
            ("5-25", "5-25"),
            ("25-50", "25-50"),
            ("50-100", "50-100"),
            ("100-500", "100-500"),
            ("500-1000", "500-1000"),
            ("1000+", "1000+"),
        ],
        "hs_revenue_range" => &[
            ("0-1M", "Up to 1M"),
            ("1M-10M", "1M to 10M"),
            ("10M-50M", "10M to 50M"),
            ("50M+", "Over 50M"),
        ],
        "hs_persona" => &[
            ("persona_1", "運用担当者"),
            ("persona_2", "IT manager"),
            ("persona_3", "Founder"),
        ],
        "hs_buying_role" => &[
            ("BLOCKER", "Blocker"),
            ("BUDGET_HOLDER", "Budget holder"),
            ("CHAMPION", "Champion"),
            ("DECISION_MAKER", "Decision maker"),
            ("END_USER", "End user"),
            ("INFLUENCER", "Influencer"),
        ],
        "hs_role" => &[
            ("engineering", "Engineering"),
            ("marketing", "Marketing"),
            ("sales", "Sales"),
            ("finance", "Finance"),
            ("operations", "Operations"),
        ],
        "hs_seniority" => &[
            ("entry", "Entry"),
            ("senior", "Senior"),
            ("manager", "Manager"),
            ("director", "Director"),
            ("vp", "VP"),
            ("executive", "Executive"),
        ],
        "hs_legal_basis" => &[
            (
                "Legitimate interest – prospect/lead",
                "Legitimate interest – prospect",
            ),
            ("Performance of a contract", "Performance of a contract"),
            ("Freely given consent from contact", "Consent"),
            ("Not applicable", "Not applicable"),
        ],
        "hs_object_source_label" => &[
            ("CRM_UI", "CRM UI"),
            ("FORM", "Form"),
            ("IMPORT", "Import"),
            ("INTEGRATION", "Integration"),
            ("INTERNAL_PROCESSING", "Internal"),
        ],
        "hs_email_hard_bounce_reason_enum" => &[
            ("UNKNOWN_USER", "Unknown user"),
            ("MAILBOX_FULL", "Mailbox full"),
            ("SPAM", "Spam"),
            ("OTHER", "Other"),
        ],
        "hs_emailconfirmationstatus" => &[
            ("Confirmed", "Confirmed"),
            ("Pending Confirmation", "Pending"),
        ],
        "hs_email_customer_quarantined_reason" => &[
            ("SUSPENSION_REMEDIATION", "Suspension"),
            ("TRUST_SAFETY", "Trust and safety"),
        ],
        "hs_analytics_source" | "hs_latest_source" => SOURCES,
        "hs_predictivescoringtier" => &[
            ("tier_1", "Very high"),
            ("tier_2", "High"),
            ("tier_3", "Medium"),
            ("tier_4", "Low"),
        ],
        "hs_clicked_linkedin_ad" => &[("yes", "Yes"), ("no", "No")],
        "industry" => &[
            ("COMPUTER_SOFTWARE", "Computer software"),
            ("LOGISTICS_AND_SUPPLY_CHAIN", "Logistics"),
            ("ELECTRICAL_ELECTRONIC_MANUFACTURING", "Electronics"),
            ("FOOD_PRODUCTION", "Food production"),
            ("EDUCATION_MANAGEMENT", "Education"),
            ("REAL_ESTATE", "Real estate"),
            ("MEDICAL_DEVICES", "Medical devices"),
        ],
        "type" => &[
            ("PROSPECT", "Prospect"),
            ("PARTNER", "Partner"),
            ("RESELLER", "Reseller"),
            ("VENDOR", "Vendor"),
            ("OTHER", "Other"),
        ],
        "hs_ideal_customer_profile" | "hs_target_account" => &[
            ("tier_1", "Tier 1"),
            ("tier_2", "Tier 2"),
            ("tier_3", "Tier 3"),
        ],
        "hs_csm_sentiment" => &[("low", "Low"), ("medium", "Medium"), ("high", "High")],
        "plan_tier" => &[
            ("free", "Free"),
            ("starter", "Starter"),
            ("growth", "Growth"),
            ("business", "Business"),
            ("enterprise", "エンタープライズ"),
        ],
        "product_roles" => &[
            ("admin", "Administrator"),
            ("editor", "Editor"),
            ("viewer", "Viewer"),
            ("billing", "Billing"),
        ],
        "add_ons" => &[
            ("sso", "SSO"),
            ("audit_log", "Audit log"),
            ("sandbox", "Sandbox"),
            ("premium_support", "Premium support"),
        ],
        "segment_equation" => &[
            ("smb", "Small business"),
            ("mid", "Mid market"),
            ("ent", "Enterprise"),
        ],
        "favourite_module" => &[
            ("reports", "Reports"),
            ("guides", "Guides"),
            ("feedback", "Feedback"),
            ("roadmaps", "Roadmaps"),
        ],
        "old_region" => &[("emea", "EMEA"), ("apac", "APAC"), ("amer", "Americas")],
        _ => &[
            ("option_a", "Option A"),
            ("option_b", "Option B"),
            ("option_c", "Option C"),
            ("オプション", "Option D"),
        ],
    }
}

/// The options of a property: none for those kept elsewhere, `true` and `false` for every bool.
pub(super) fn of(name: &str, kind: &str) -> Vec<Choice> {
    let yes_no: Pairs = &[("true", "Yes"), ("false", "No")];
    let pairs = match (kind, name) {
        ("bool", _) => yes_no,
        ("enumeration", name) => match name {
            "hs_marketable_status"
            | "hs_marketable_until_renewal"
            | "currentlyinworkflow"
            | "hs_data_privacy_ads_consent"
            | "beta_opt_in"
            | "sso_enabled" => yes_no,
            // Kept elsewhere, computed, or plain lists of ids: HubSpot sends an empty array.
            "hs_merged_object_ids"
            | "hs_calculated_merged_vids"
            | "hs_all_contact_vids"
            | "hs_additional_emails"
            | "hs_user_ids_of_all_owners"
            | "hubspot_owner_id"
            | "hubspot_team_id"
            | "hs_all_owner_ids"
            | "hs_all_team_ids"
            | "hs_sub_role"
            | "hs_object_source"
            | "hs_analytics_first_touch_converting_campaign"
            | "success_manager"
            | "success_owner"
            | "web_technologies"
            | "hs_keywords"
            | "hs_industry_group"
            | "hs_annual_revenue_currency_code" => return Vec::new(),
            name => pairs(name),
        },
        _ => return Vec::new(),
    };
    pairs
        .iter()
        .map(|(value, label)| Choice {
            label: Cow::Borrowed(label),
            value: Cow::Borrowed(value),
            hidden: *value == "OPEN_DEAL",
        })
        .collect()
}
