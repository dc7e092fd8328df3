//! The command line program: arguments, command, error chain, exit code.

use std::pin::pin;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use redisctl::cli::{Cli, asks_for_json, usage_failure};
use redisctl::commands::{self, CommandError, ExitStatus, Interruption, interrupted};
use redisctl::ui::{Failure, Output, OutputOptions, Ui};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| end_usage(&error));
    let ui = Ui::detect(cli.global.screen());
    log_to_stderr(cli.global.verbose, &ui);
    match start(&cli, &ui) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let causes = error.chain().skip(1).map(ToString::to_string).collect();
            ui.error(&Failure { message: error.to_string(), causes, ..Failure::default() });
            ExitCode::FAILURE
        }
    }
}

/// Prints help, or an error of the command line, and ends the process.
fn end_usage(error: &clap::Error) -> ! {
    if error.use_stderr() && asks_for_json(&std::env::args_os().collect::<Vec<_>>()) {
        let ui = Ui::detect(OutputOptions { output: Output::Json, ..OutputOptions::default() });
        ui.error(&usage_failure(error));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// Runs the command to its end, or until a signal.
fn start(cli: &Cli, ui: &Ui) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("could not start the asynchronous runtime")?;
    runtime.block_on(async {
        let interruption = Interruption::default();
        let mut command = pin!(commands::run(cli, ui, &interruption));
        tokio::select! {
            result = &mut command => return Ok(end(result, ui)),
            signal = interrupted(), if !commands::handles_signals(&cli.command) => {
                signal.context("could not listen for signals")?;
            }
        }
        if interruption.tell() {
            // The command undoes something first. A second signal does not wait for that.
            tokio::select! {
                result = &mut command => if result.is_err() { return Ok(end(result, ui)) },
                signal = interrupted() => signal.context("could not listen for signals")?,
            }
        }
        ui.interrupted(commands::hint_after_interruption(&cli.command));
        Ok(ExitStatus::Interrupted.exit_code())
    })
}

/// Prints the error, if any, and returns the exit code.
fn end(result: Result<ExitStatus, CommandError>, ui: &Ui) -> u8 {
    match result {
        Ok(status) => status.exit_code(),
        Err(error) => {
            commands::show_error(&error, ui);
            error.exit_code()
        }
    }
}

/// Logs for fault analysis: `-vv`, or `REDISCTL_LOG`. By default the Redis client logs nothing, because the checks
/// report silent nodes.
fn log_to_stderr(verbosity: u8, ui: &Ui) {
    let (level, client) = match verbosity {
        0 => (LevelFilter::WARN, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::ERROR),
        _ => (LevelFilter::DEBUG, LevelFilter::ERROR),
    };
    let wanted = std::env::var("REDISCTL_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| {
        let others = Targets::new().with_default(LevelFilter::WARN).with_target("bollard", LevelFilter::INFO);
        others.with_target("redisctl", level).with_target("redis", client)
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time();
    let lines = lines.with_ansi(ui.colours_messages());
    tracing_subscriber::registry().with(filter).with(filter_fn(tells_no_secret)).with(lines).init();
}

/// Whether an event may be logged, even if `REDISCTL_LOG` asks for it. From `debug` on, the Docker and Redis clients
/// log their messages with passwords.
fn tells_no_secret(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().split("::").next() == Some("redisctl")
}
