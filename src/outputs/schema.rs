//! The JSON Schemas of our own records, derived from the types that write them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::lifecycle::LifecycleEvent;
use crate::model::timeline::Timeline;
use crate::model::token_use::TokenUse;
use crate::outputs::record::FindingRecord;
use crate::outputs::summary_record::SummaryRecord;

/// JSON Schema (2020-12) of one finding, as in `docs/schema/finding.schema.json`.
#[must_use]
pub fn finding_schema() -> Value {
    schema::<FindingRecord>()
}

/// JSON Schema (2020-12) of the summary, as in `docs/schema/summary.schema.json`.
#[must_use]
pub fn summary_schema() -> Value {
    schema::<SummaryRecord>()
}

/// JSON Schema (2020-12) of a type as it is written; for records of rooms that this one does not know.
#[must_use]
pub fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().into()
}

/// JSON Schema of the issued-token record.
#[must_use]
pub fn issuance_schema() -> Value {
    schema::<Issuance>()
}

/// JSON Schema of a fact about tokens.
#[must_use]
pub fn lifecycle_schema() -> Value {
    schema::<LifecycleEvent>()
}

/// JSON Schema of the token-use record.
#[must_use]
pub fn token_use_schema() -> Value {
    schema::<TokenUse>()
}

/// JSON Schema of a judgement of replay.
#[must_use]
pub fn judgement_schema() -> Value {
    schema::<Judgement>()
}

/// JSON Schema of one token's life.
#[must_use]
pub fn timeline_schema() -> Value {
    schema::<Timeline>()
}
