//! Lines of `exposed`: where tokens lay.

use serde_json::json;

use crate::detect::place_kind::guess;
use crate::model::carrier::Carrier;
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::pipeline::story::error::Fault;
use crate::pipeline::story::fields::{Fields, parse};

/// Fields of a line.
const FIELDS: [&str; 10] = ["at", "now", "place", "rule", "kind", "reach", "carrier", "decoders", "masked_elsewhere", "stripped"];

/// A line: an exposure, and when it is judged.
#[derive(Clone, Debug)]
pub struct Lay {
    /// The line's fields.
    pub fields: Fields,
    /// The exposure.
    pub exposure: Exposure,
    /// The time of judgement.
    pub now: Instant,
}

impl Lay {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(line: &str) -> Result<Self, Fault> {
        let fields = Fields::read(line)?;
        fields.only(&FIELDS)?;
        let place = fields.text("place").ok_or_else(|| Fault::new("no `place=`", "write where it lay, such as `place=ci/build.log`"))?;
        let at = fields.time("at")?;
        let (kind, reach) = guess(place, b"");
        let kind = fields.text("kind").map(|word| parse(json!(word))).transpose()?.unwrap_or(kind);
        let reach = fields.text("reach").map(|word| parse(json!(word))).transpose()?.unwrap_or(reach);
        let carrier = fields.text("carrier").map(carrier).transpose()?;
        let decoders = fields.text("decoders").into_iter().flat_map(|list| list.split(','));
        let exposure = Exposure {
            kind,
            reach,
            location: place.to_owned(),
            line: 1,
            carrier,
            decoders: decoders.map(|word| parse(json!(word))).collect::<Result<_, _>>()?,
            first_seen: at,
            last_seen: at,
            count: 1,
        };
        let now = if fields.has("now") { fields.time("now")? } else { at };
        Ok(Self { fields, exposure, now })
    }
}

fn carrier(text: &str) -> Result<Carrier, Fault> {
    let (kind, name) = text.split_once(':').ok_or_else(|| Fault::new(format!("`{text}` is no carrier"), "write `carrier=query:access_token`"))?;
    Ok(Carrier { kind: parse(json!(kind))?, name: name.to_owned() })
}
