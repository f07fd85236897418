//! Where a caller is, as logs write it.

use crate::model::text::Text;
use crate::observe::json::{Json, at, owned};

/// `latitude,longitude` of an object, else its country; both by their keys.
#[must_use]
pub fn place(object: &Json<'_>, point: [&[&str]; 2], country: &str) -> Option<Text> {
    let [latitude, longitude] = point.map(|path| at(object, path).and_then(Json::as_f64));
    let point = latitude.zip(longitude).map(|(latitude, longitude)| format!("{latitude},{longitude}").into());
    point.or_else(|| owned(object, &[country]))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::observe::geo::place;
    use crate::observe::json::parse;

    #[test]
    fn a_point_is_better_than_a_country() {
        for (text, expected) in [
            (r#"{"g":{"lat":48.1,"lon":-11},"c":"DE"}"#, Some("48.1,-11")),
            (r#"{"g":{"lat":48.1},"c":"DE"}"#, Some("DE")),
            (r#"{"g":{"lat":"x","lon":"y"}}"#, None),
            ("[]", None),
        ] {
            let arena = Bump::new();
            let object = parse(text.as_bytes(), &arena).expect("because it is JSON");
            assert_eq!(place(&object, [&["g", "lat"], &["g", "lon"]], "c").as_deref(), expected, "{text}");
        }
    }
}
