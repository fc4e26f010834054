//! The command line: arguments in, exit code out.
//!
//! Arguments become meaning in one place ([`meaning`]); the commands hand it to the library and print
//! what the reports make of the outcome. Errors that have no place in an outcome end here.

mod answers;
mod args;
mod charts;
mod exit;
mod init;
mod keyboard;
mod meaning;
mod missing;
mod pack_infer;
mod pack_new;
mod pack_pull;
mod pack_test;
mod packs;
mod plugin;
mod precautions;
mod progress;
mod project;
mod reports;
mod review;
mod since;
mod supply;
mod terminal;
mod upgrade;
mod verify;
mod writing;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

use refit::spelling::closest;

use args::{Cli, ColourChoice, Command, PackCommand};
use exit::Exit;
use meaning::Job;
use terminal::Terminal;

/// Runs refit with the arguments of a process, its own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &args),
    };
    let mut terminal = Terminal::new(color(&cli.command));
    let filter = is_filter(&cli.command);
    let code = match run(cli.command, &mut terminal) {
        Ok(code) => code,
        Err(error) => {
            terminal.say(&format!("error: {error:#}\n"));
            if filter {
                terminal.result(upgrade::NOTHING);
            }
            Exit::Error
        }
    };
    ExitCode::from(terminal.finish(code))
}

fn color(command: &Command) -> ColourChoice {
    match command {
        Command::Upgrade(args) => args.output.color.color,
        Command::Review(args) => args.color.color,
        Command::Init(args) => args.packs.color.color,
        Command::Verify(args) => args.color.color,
        Command::Packs(options) => options.color.color,
        Command::Explain(args) => args.packs.color.color,
        Command::Pack(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::PluginCompletion
        | Command::PluginComplete { .. } => ColourChoice::Never,
    }
}

fn is_filter(command: &Command) -> bool {
    matches!(command, Command::Upgrade(args) if args.inputs.files.iter().any(|file| file.as_os_str() == "-"))
}

fn run(command: Command, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match command {
        Command::Upgrade(args) => return upgrade::run(&mut Job::new(*args)?, terminal),
        Command::Review(args) => return review::run(*args, terminal),
        Command::Init(args) => return init::run(&args, terminal),
        Command::Verify(args) => return verify::run(*args, terminal),
        Command::Packs(options) => return packs::list(&options, terminal),
        Command::Explain(args) => packs::explain(&args, terminal)?,
        Command::Pack(PackCommand::Check(args)) => return packs::check(&args, terminal),
        Command::Pack(PackCommand::New(args)) => return pack_new::run(&args, terminal),
        Command::Pack(PackCommand::Infer(args)) => return pack_infer::run(&args, terminal),
        Command::Pack(PackCommand::Test(args)) => return pack_test::run(&args, terminal),
        Command::Pack(PackCommand::Pull(args)) => return pack_pull::run(&args, terminal),
        Command::Pack(PackCommand::Schema { file }) => packs::schema(&file, terminal)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "refit", &mut script);
            terminal.result(&String::from_utf8_lossy(&script));
        }
        Command::PluginCompletion => terminal.result(&plugin::completion_yaml()),
        Command::PluginComplete { words } => terminal.result(&plugin::complete(&words)),
        Command::Man { command } => terminal.result(&manual(command.as_deref())?),
    }
    Ok(Exit::Done)
}

/// A manual page: of refit, or of one of its commands.
fn manual(command: Option<&str>) -> anyhow::Result<String> {
    let mut cli = Cli::command();
    // Only a command that was built has handed its name and its global options down.
    cli.build();
    let page = match command {
        None => cli,
        Some(name) => {
            let names = || cli.get_subcommands().map(clap::Command::get_name);
            let Some(found) = cli.find_subcommand(name) else {
                let names: Vec<_> = names().filter(|name| *name != "help").collect();
                anyhow::bail!("refit has no command `{name}`; it has {}", names.join(", "));
            };
            found.clone()
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Ok(String::from_utf8(text)?)
}

/// Arguments that cannot be read, or a request for help.
fn usage(error: &clap::Error, args: &[OsString]) -> ExitCode {
    // A broken pipe is silence here too; help that was lost for another reason is an error.
    let lost = error
        .print()
        .is_err_and(|e| e.kind() != std::io::ErrorKind::BrokenPipe);
    let filter = args.iter().any(|arg| arg == "-");
    if error.use_stderr() && filter {
        Terminal::new(ColourChoice::Never).result(upgrade::NOTHING);
    }
    let first = args
        .get(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .unwrap_or_default();
    if error.kind() == ErrorKind::InvalidSubcommand
        && (first.ends_with(".yaml") || first.ends_with(".yml"))
    {
        eprintln!("\nTo see what a newer chart needs changed in it: refit upgrade {first}");
    }
    match u8::try_from(error.exit_code()) {
        Ok(code) if !lost => ExitCode::from(code),
        _ => ExitCode::from(Exit::Error),
    }
}
