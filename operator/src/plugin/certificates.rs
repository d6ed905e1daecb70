//! Shows the certificates of a cluster. Reads the status only.
#![allow(clippy::print_stdout, reason = "it talks to a person on the command line")]

use super::asked::Asked;
use super::error::PluginError;
use super::paint::table;

/// Prints which certificates there are, and until when they are good.
pub async fn show(asked: &Asked) -> Result<(), PluginError> {
    let status = asked.cluster().await?.status.unwrap_or_default();
    if status.certificates.is_empty() {
        println!("The operator keeps no certificates for {}.", asked.name);
        return Ok(());
    }
    let mut rows = vec![["SECRET", "GOOD UNTIL", "RENEWED AT", "SHA-256"].map(str::to_owned).to_vec()];
    for certificate in status.certificates {
        let short = certificate.fingerprint.chars().take(16).collect();
        rows.push(vec![certificate.secret_name, certificate.expires_at, certificate.renew_at, short]);
    }
    print!("{}", table(&rows));
    Ok(())
}
