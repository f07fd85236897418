//! Proofs of possession that stand in a header (RFC 9449): read, never verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::model::fingerprint::Fingerprint;
use crate::model::jwt::Jwt;
use crate::model::text::Text;
use crate::model::token_key::TokenKey;
use crate::model::token_use::Proof;
use crate::observe::mask;

/// The members of each sort of key that its thumbprint covers, in the order of RFC 7638, section 3.2.
const MEMBERS: [(&str, &[&str]); 4] =
    [("EC", &["crv", "kty", "x", "y"]), ("RSA", &["e", "kty", "n"]), ("OKP", &["crv", "kty", "x"]), ("oct", &["k", "kty"])];

/// What the value of a `DPoP` header says.
#[must_use]
pub fn read(value: &str) -> Option<Proof> {
    let jwt = Jwt::parse(value.trim().as_bytes())?;
    let claim = |name: &str| jwt.payload.get(name).and_then(Value::as_str).map(Text::from);
    Some(Proof {
        jti: claim("jti"),
        jkt: jwt.header.get("jwk").and_then(Value::as_object).and_then(thumbprint).map(Text::from),
        htm: claim("htm"),
        htu: claim("htu").map(|uri| mask::path(&uri)),
        ath: claim("ath"),
    })
}

/// The token that a proof is made for: `ath` is the base64url of its SHA-256 (RFC 9449, section 4.2), and so its fingerprint.
#[must_use]
pub fn key(proof: &Proof) -> Option<TokenKey> {
    proof.ath.as_ref()?.parse::<Fingerprint>().ok().map(TokenKey::Fingerprint)
}

/// The thumbprint of a public key (RFC 7638), base64url.
fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let sort = jwk.get("kty")?.as_str()?;
    let (_, members) = MEMBERS.iter().find(|(one, _)| *one == sort)?;
    let members: Vec<String> =
        members.iter().map(|name| Some(format!("\"{name}\":{}", Value::from(jwk.get(*name)?.as_str()?)))).collect::<Option<_>>()?;
    let canonical = format!("{{{}}}", members.join(","));
    Some(URL_SAFE_NO_PAD.encode(Fingerprint::of(canonical.as_bytes()).digest()))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use crate::model::fingerprint::Fingerprint;
    use crate::model::token_key::TokenKey;
    use crate::observe::proof::{key, read, thumbprint};

    #[test]
    fn a_thumbprint_covers_the_required_members_only() {
        let print = |key: serde_json::Value| thumbprint(key.as_object().expect("because it is an object"));
        let bare = print(json!({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        // RFC 8037, appendix A.3.
        assert_eq!(bare.as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
        assert_eq!(bare, print(json!({"use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","crv":"Ed25519","kty":"OKP","kid":"1"})));
        for wrong in [json!({}), json!({"kty":"EC"}), json!({"kty":"new","x":"1"}), json!({"kty":"RSA","e":1,"n":"x"})] {
            assert_eq!(print(wrong), None);
        }
    }

    #[test]
    fn a_proof_names_its_token() {
        let token = Fingerprint::of(b"token");
        let header = json!({"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"AA"}});
        let payload = json!({"jti":"p-1","htm":"POST","htu":"https://mcp.example/mcp?x=1","ath":URL_SAFE_NO_PAD.encode(token.digest())});
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let proof = read(&format!("{}.{}.c2ln", encode(&header), encode(&payload))).expect("because it is a proof");
        assert_eq!((proof.jti.as_deref(), proof.htu.as_deref()), (Some("p-1"), Some("https://mcp.example/mcp")));
        assert!(proof.jkt.is_some());
        assert_eq!(key(&proof), Some(TokenKey::Fingerprint(token)));
        assert_eq!(read("a.b.c"), None);
    }
}
