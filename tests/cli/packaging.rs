//! How people get refit: the archives of a release, the script that installs them, the plugin of Helm, the download
//! of the GitHub Action. The scripts themselves run here, against a server on the loopback interface that stands
//! in for the host of the releases; only the compiler is a stand-in.
#![cfg(unix)]

use crate::{
    automation::{git, read, step},
    support,
};

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use support::helm;
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Serves the files of a folder until the process ends; returns the address.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away early is none of the test's business.
            let _ = answer(stream, &folder);
        }
    });
    format!("http://{address}")
}

fn answer(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let mut stream = reader.into_inner();
    match fs::read(folder.join(path.trim_start_matches('/'))) {
        Ok(bytes) => {
            write!(
                stream,
                "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            )?;
            stream.write_all(&bytes)
        }
        Err(_) => stream.write_all(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    }
}

/// What of the repository the scripts need, in a folder of its own.
fn checkout(home: &Path) -> PathBuf {
    let folder = home.join("checkout");
    fs::create_dir_all(folder.join("packaging")).unwrap();
    let names = [
        "Cargo.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "plugin.yaml",
        "plugin.complete",
        "completion.yaml",
    ];
    for name in names {
        fs::copy(root().join(name), folder.join(name)).unwrap();
    }
    for entry in fs::read_dir(root().join("packaging")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(
            entry.path(),
            folder.join("packaging").join(entry.file_name()),
        )
        .unwrap();
    }
    folder
}

fn program(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A command whose search path begins with a folder, and that knows no releases but those it is told.
fn command(program: &str, first: &Path, home: &Path) -> Command {
    let path = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    let mut command = Command::new(program);
    command
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", home)
        .current_dir(home)
        .env_remove("REFIT_RELEASES")
        .env_remove("GITHUB_ACTION_REPOSITORY");
    command
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A release as `packaging/release.sh` makes it, on a server; the compiler is a stand-in that makes a script.
struct Release {
    home: TempDir,
    checkout: PathBuf,
    /// The folder of releases, as an address.
    releases: String,
    /// The repository that they belong to, as an address.
    repository: String,
    /// The folder that the server serves for this version.
    folder: PathBuf,
}

impl Release {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let checkout = checkout(home.path());
        let bin = home.path().join("bin");
        let cargo = r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --profile) profile=$2 && shift ;;
    --target) target=$2 && shift ;;
  esac
  shift
done
case "$target/$RUSTFLAGS" in *linux-gnu/*+crt-static*) ;; *) exit 9 ;; esac
mkdir -p "target/$target/$profile"
printf '#!/bin/sh\necho "released refit" "$@"\n' > "target/$target/$profile/refit"
chmod 755 "target/$target/$profile/refit"
"#;
        program(&bin, "cargo", cargo);
        let served = home.path().join("served");
        let repository = format!("{}/owner/refit", serve(served.clone()));
        let releases = format!("{repository}/releases/download");
        let output = command("bash", &bin, home.path())
            .arg(checkout.join("packaging/release.sh"))
            .args(["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"])
            .env("REFIT_RELEASES", &releases)
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let folder = served.join(format!("owner/refit/releases/download/v{VERSION}"));
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        fs::rename(checkout.join("dist"), &folder).unwrap();
        Self {
            home,
            checkout,
            releases,
            repository,
            folder,
        }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs the script that installs, with variables.
    fn install(&self, variables: &[(&str, &str)]) -> (i32, String, PathBuf) {
        let to = self.home().join("installed");
        let _ = fs::remove_dir_all(&to);
        let output = command("sh", Path::new("/nowhere"), self.home())
            .arg(self.checkout.join("packaging/install.sh"))
            .arg(&to)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        (output.status.code().unwrap(), said(&output), to)
    }
}

fn is_the_released_one(program: &Path) -> bool {
    let output = Command::new(program).arg("packs").output().unwrap();
    said(&output) == "released refit packs\n"
}

/// Linux on these two is what the archives of this test are for.
fn on_linux() -> bool {
    let fits = cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ));
    if !fits {
        eprintln!("not run: the archives of this test are for Linux on x86-64 and arm64");
    }
    fits
}

#[test]
fn a_release_is_installed_from_wherever_its_address_is_said() {
    if !on_linux() {
        return;
    }
    let release = Release::new();
    let (host, _) = release.repository.split_once("/owner").unwrap();
    for variables in [
        vec![("REFIT_RELEASES", release.releases.as_str())],
        vec![
            ("GITHUB_ACTION_REPOSITORY", "owner/refit"),
            ("GITHUB_SERVER_URL", host),
        ],
    ] {
        let (code, text, to) = release.install(&variables);
        assert_eq!(code, 0, "{variables:?}: {text}");
        assert!(is_the_released_one(&to.join("refit")), "{text}");
        assert_eq!(
            fs::read_dir(&to).unwrap().count(),
            1,
            "nothing else is there"
        );
    }
    // A clone knows where it came from.
    git(&release.checkout, &["init", "--quiet"]);
    let remote = format!("{}.git", release.repository);
    git(&release.checkout, &["remote", "add", "origin", &remote]);
    let (code, text, to) = release.install(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(is_the_released_one(&to.join("refit")));
    // What was said before it wins.
    let file = release.checkout.join("packaging/releases-url");
    fs::write(&file, "http://127.0.0.1:1/none\n").unwrap();
    let (code, text, _) = release.install(&[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("there is no release"), "{text}");
}

#[test]
fn every_form_of_a_remote_leads_to_its_releases() {
    let home = tempfile::tempdir().unwrap();
    let checkout = checkout(home.path());
    let bin = home.path().join("bin");
    // What would be fetched, and from where.
    let curl = "#!/bin/sh\nfor last; do :; done\necho \"$*\" | grep -o 'http[^ ]*'\nexit 22\n";
    program(&bin, "curl", curl);
    git(&checkout, &["init", "--quiet"]);
    git(&checkout, &["remote", "add", "origin", "elsewhere"]);
    for (remote, address) in [
        (
            "https://git.example/o/refit.git",
            "https://git.example/o/refit",
        ),
        (
            "https://git.example/o/refit/",
            "https://git.example/o/refit",
        ),
        (
            "https://user:word@git.example/o/refit",
            "https://git.example/o/refit",
        ),
        ("git@git.example:o/refit.git", "https://git.example/o/refit"),
        (
            "ssh://git@git.example/group/o/refit.git",
            "https://git.example/group/o/refit",
        ),
    ] {
        git(&checkout, &["remote", "set-url", "origin", remote]);
        let output = command("sh", &bin, home.path())
            .arg(checkout.join("packaging/install.sh"))
            .arg(home.path().join("to"))
            .output()
            .unwrap();
        let wanted = format!("{address}/releases/download/v{VERSION}/SHA256SUMS");
        let text = said(&output);
        assert_eq!(text.lines().next(), Some(wanted.as_str()), "{remote}");
        assert!(!text.contains("word"), "{text}");
        assert_eq!(output.status.code(), Some(1));
    }
    git(&checkout, &["remote", "remove", "origin"]);
    let output = command("sh", &bin, home.path())
        .arg(checkout.join("packaging/install.sh"))
        .arg(home.path().join("to"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("set REFIT_RELEASES"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_is_not_what_its_release_says_is_not_installed() {
    if !on_linux() {
        return;
    }
    let release = Release::new();
    let variables = [("REFIT_RELEASES", release.releases.as_str())];
    let archives: Vec<PathBuf> = fs::read_dir(&release.folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".tar.gz"))
        .collect();
    assert_eq!(archives.len(), 2);
    for archive in &archives {
        let mut bytes = fs::read(archive).unwrap();
        bytes.push(0);
        fs::write(archive, bytes).unwrap();
    }
    let (code, text, to) = release.install(&variables);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("nothing was installed"), "{text}");
    assert!(!to.exists());
    // The plugin does not fall back to something else then.
    let output = command("sh", Path::new("/nowhere"), release.home())
        .arg(release.checkout.join("packaging/plugin.sh"))
        .envs(variables)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!release.checkout.join("bin").exists());
    // A machine that the release has nothing for.
    fs::write(release.folder.join("SHA256SUMS"), "").unwrap();
    let (code, text, _) = release.install(&variables);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("has no refit-"), "{text}");
}

#[test]
fn both_helms_install_the_plugin_with_the_program_of_its_release() {
    if !on_linux() {
        return;
    }
    let release = Release::new();
    let archive = release.folder.join(format!("refit-plugin-{VERSION}.tgz"));
    for (helm, released) in helm::each().flat_map(|h| [(h, true), (h, false)]) {
        let home = tempfile::tempdir().unwrap();
        let output = Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .current_dir(home.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let plugin = home.path().join("refit");
        let url = fs::read_to_string(plugin.join("packaging/releases-url")).unwrap();
        assert_eq!(url.trim(), release.releases);
        if !released {
            // As if the release were not there: the program on the search path runs.
            fs::write(
                plugin.join("packaging/releases-url"),
                "http://127.0.0.1:1/none\n",
            )
            .unwrap();
        }
        let bin = home.path().join("bin");
        program(
            &bin,
            "refit",
            "#!/bin/sh\necho the one on the search path\n",
        );
        let path = std::env::var("PATH").unwrap_or_default();
        let run = |args: &[&str]| {
            let output = helm
                .command(home.path())
                .args(args)
                .env("HELM_PLUGINS", home.path().join("data/plugins"))
                .env("PATH", format!("{}:{path}", bin.display()))
                .env_remove("REFIT_RELEASES")
                .output()
                .unwrap();
            let text = said(&output);
            assert!(output.status.success(), "{} {args:?}: {text}", helm.version);
            text
        };
        run(&["plugin", "install", &plugin.display().to_string()]);
        let text = run(&["refit", "packs"]);
        let wanted = match released {
            true => "released refit packs",
            false => "the one on the search path",
        };
        assert_eq!(text.trim(), wanted, "{}", helm.version);
    }
}

fn run_step(name: &str, first: &Path, home: &Path, variables: &[(&str, &str)]) -> (i32, String) {
    let action = read("action.yml");
    let script = step(&action, name)["run"].as_str().unwrap();
    assert!(!script.contains("${{"), "what is given comes in variables");
    let output = command("bash", first, home)
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.code().unwrap(), said(&output))
}

#[test]
fn the_action_downloads_and_builds_only_where_there_is_no_release() {
    if !on_linux() {
        return;
    }
    let release = Release::new();
    let home = release.home().display().to_string();
    let (host, _) = release.repository.split_once("/owner").unwrap();
    let checkout = release.checkout.display().to_string();
    let out = release.home().join("output");
    let outputs = out.display().to_string();
    let mut variables = vec![
        ("GITHUB_ACTION_PATH", checkout.as_str()),
        ("GITHUB_ACTION_REPOSITORY", "owner/refit"),
        ("GITHUB_SERVER_URL", host),
        ("GITHUB_OUTPUT", outputs.as_str()),
        ("RUNNER_TEMP", home.as_str()),
    ];
    let nowhere = Path::new("/nowhere");
    let (code, text) = run_step("Download refit", nowhere, release.home(), &variables);
    assert_eq!(
        (code, fs::read_to_string(&out).unwrap().as_str()),
        (0, "build=false\n"),
        "{text}"
    );
    assert!(is_the_released_one(&release.home().join("refit/bin/refit")));
    fs::remove_file(&out).unwrap();
    variables[1].1 = "owner/fork";
    let (code, text) = run_step("Download refit", nowhere, release.home(), &variables);
    assert_eq!(
        (code, fs::read_to_string(&out).unwrap().as_str()),
        (0, "build=true\n"),
        "{text}"
    );
    let action = read("action.yml");
    assert_eq!(
        step(&action, "Build refit")["if"],
        "steps.download.outputs.build == 'true' && steps.cache.outputs.cache-hit != 'true'"
    );
}

#[test]
fn the_action_updates_its_own_comment() {
    let home = tempfile::tempdir().unwrap();
    let bin = home.path().join("bin");
    // Answers as the program `gh` would for a pull request with these comments; notes what it is told to do.
    let gh = r#"#!/bin/sh
case "$*" in
  *--method*) echo "$*" >> "$HOME/calls"; for last; do :; done; cp "${last#body=@}" "$HOME/body" ;;
  *) cat "$HOME/comments" ;;
esac
"#;
    program(&bin, "gh", gh);
    fs::write(home.path().join("report.md"), "what changes\n").unwrap();
    let report = home.path().join("report.md").display().to_string();
    let temp = home.path().display().to_string();
    let variables = [
        ("GITHUB_REPOSITORY", "o/r"),
        ("PULL_REQUEST", "7"),
        ("REPORT", report.as_str()),
        ("RUNNER_TEMP", temp.as_str()),
        ("MARKER", "<!-- refit w j a -->"),
    ];
    for (comments, call) in [
        ("", "POST repos/o/r/issues/7/comments"),
        ("41\n", "PATCH repos/o/r/issues/comments/41"),
    ] {
        fs::write(home.path().join("comments"), comments).unwrap();
        let _ = fs::remove_file(home.path().join("calls"));
        let (code, text) = run_step("Comment", &bin, home.path(), &variables);
        assert_eq!(code, 0, "{text}");
        let calls = fs::read_to_string(home.path().join("calls")).unwrap();
        assert!(
            calls.contains(call) && calls.lines().count() == 1,
            "{calls}"
        );
        let body = fs::read_to_string(home.path().join("body")).unwrap();
        assert_eq!(body, "<!-- refit w j a -->\nwhat changes\n");
    }
}

#[test]
fn binstall_and_homebrew_name_the_archives_that_a_release_has() {
    let home = tempfile::tempdir().unwrap();
    let checkout = checkout(home.path());
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let fill = |template: &str, target: &str, suffix: &str| {
        template
            .replace("{ repo }", "https://git.example/o/refit")
            .replace("{ version }", VERSION)
            .replace("{ target }", target)
            .replace("{ archive-suffix }", suffix)
            .replace("{ bin }{ binary-ext }", "refit")
    };
    let workflow = read(".github/workflows/release.yml");
    let matrix = &workflow["jobs"]["archives"]["strategy"]["matrix"]["include"];
    let mut sums = String::new();
    for built in matrix.as_sequence().unwrap() {
        let target = built["target"].as_str().unwrap();
        let windows = target.contains("windows");
        let format = match binstall.get("overrides").and_then(|o| o.get(target)) {
            Some(own) => &own["pkg-fmt"],
            None => &binstall["pkg-fmt"],
        };
        assert_eq!(format.as_str(), Some(if windows { "zip" } else { "tgz" }));
        // binstall tries each suffix of a format; release.sh makes these.
        let suffix = if windows { ".zip" } else { ".tar.gz" };
        let archive = format!("refit-{VERSION}-{target}{suffix}");
        let url = fill(binstall["pkg-url"].as_str().unwrap(), target, suffix);
        let base = "https://git.example/o/refit/releases/download";
        assert_eq!(url, format!("{base}/v{VERSION}/{archive}"));
        let inside = fill(binstall["bin-dir"].as_str().unwrap(), target, suffix);
        assert_eq!(inside, format!("refit-{VERSION}-{target}/refit"));
        sums += &format!("{:064x}  {archive}\n", sums.len());
    }
    fs::create_dir(checkout.join("dist")).unwrap();
    let formula = || {
        command("bash", Path::new("/nowhere"), home.path())
            .arg(checkout.join("packaging/homebrew.sh"))
            .args([
                "https://git.example/o/refit/releases/download",
                "https://git.example/o/refit",
            ])
            .output()
            .unwrap()
    };
    fs::write(checkout.join("dist/SHA256SUMS"), "").unwrap();
    assert!(!formula().status.success(), "no archive, no formula");
    fs::write(checkout.join("dist/SHA256SUMS"), &sums).unwrap();
    let output = formula();
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    for line in sums.lines().filter(|line| line.ends_with(".tar.gz")) {
        let (sum, archive) = line.split_once("  ").unwrap();
        let url = format!("https://git.example/o/refit/releases/download/v{VERSION}/{archive}");
        assert!(
            text.contains(&format!("url \"{url}\"\n      sha256 \"{sum}\"")),
            "{text}"
        );
    }
}
