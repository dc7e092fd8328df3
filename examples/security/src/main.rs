//! Prints the server's answer to each user's commands. `REDIS_HOST` and `REDIS_PORT` name the server.

use std::env;

use anyhow::Context as _;
use security::{COMMANDS, connect, execute};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let variable = |name: &'static str| {
        env::var(name).with_context(|| format!("{name} is not set: eval \"$(redisctl env security)\""))
    };
    let url = format!("redis://{}:{}", variable("REDIS_HOST")?, variable("REDIS_PORT")?);
    // As in security.yaml: a variable, or else a password for this example only.
    let password = |user: &str| {
        env::var(format!("{}_PASSWORD", user.to_uppercase())).unwrap_or_else(|_| format!("{user}-secret"))
    };
    for user in [None, Some("admin"), Some("regular"), Some("keyless")] {
        println!("{}", user.unwrap_or("no login"));
        let password = user.map(password);
        let mut connection =
            connect(&url, user.zip(password.as_deref())).await.context("the server refuses the login")?;
        for command in COMMANDS {
            println!("  {command:22} {}", execute(&mut connection, command).await?);
        }
    }
    println!("admin with a wrong password");
    match connect(&url, Some(("admin", "guess"))).await {
        Ok(_) => println!("  {:22} allowed", "AUTH admin guess"),
        Err(error) => println!("  {:22} {error}", "AUTH admin guess"),
    }
    Ok(())
}
