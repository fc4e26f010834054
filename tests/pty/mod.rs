//! refit at a real pseudo-terminal, seen through a terminal emulator: what a person would see, not the
//! bytes that painted it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    fs::{self, File},
    io::{Read as _, Write},
    num::NonZeroU16,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::{LocalModes, Termios, tcgetattr};

/// How long a screen may take; far more than it needs, because machines can be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// Rows enough for a whole review, so that nothing scrolls away and what came can be told by its place.
const ROWS: u16 = 2_000;

/// refit at a terminal.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
    /// The terminal, kept open so that its settings can be seen when refit has ended.
    tty: File,
    before: Termios,
    /// The screen as [`Pty::until`] saw it last.
    seen: String,
}

fn size(columns: u16) -> PtySize {
    PtySize {
        rows: ROWS,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Pty {
    /// Runs refit in a folder, at a terminal that many columns wide, with these variables set.
    pub fn new(folder: &Path, args: &[&str], columns: u16, env: &[(&str, &str)]) -> Self {
        Self::of(env!("CARGO_BIN_EXE_refit"), folder, args, columns, env)
    }

    /// A shell with job control, which has refit as `$REFIT`.
    pub fn shell(folder: &Path, columns: u16) -> Self {
        let env = [("REFIT", env!("CARGO_BIN_EXE_refit")), ("PS1", "shell> ")];
        Self::of(
            "bash",
            folder,
            &["--norc", "--noprofile", "-i"],
            columns,
            &env,
        )
    }

    /// Runs a program in a folder, at a terminal that many columns wide, with these variables set.
    fn of(program: &str, folder: &Path, args: &[&str], columns: u16, env: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(columns)).unwrap();
        let tty = File::options()
            .read(true)
            .write(true)
            .open(pair.master.tty_name().unwrap())
            .unwrap();
        let before = tcgetattr(&tty).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder);
        for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE", "CI", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let rows = NonZeroU16::new(ROWS).unwrap();
        let screen = vt100::Parser::new(rows, NonZeroU16::new(columns).unwrap(), 0);
        let screen = Arc::new(Mutex::new(screen));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = mpsc::channel();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (to_screen, to_raw) = (Arc::clone(&screen), Arc::clone(&raw));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                to_screen.lock().unwrap().process(&buffer[..n]);
                to_raw.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
            let _ = end.send(());
        });
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            screen,
            raw,
            ended,
            tty,
            before,
            seen: String::new(),
        }
    }

    /// The screen as lines, without the empty ones at its end.
    pub fn screen(&self) -> String {
        let screen = self.screen.lock().unwrap();
        let (_, columns) = screen.screen().size();
        let rows: Vec<String> = screen
            .screen()
            .rows(0, columns.get())
            .map(|row| row.trim_end().to_owned())
            .collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// What came to the screen since this was called last, as soon as it holds `text` and nothing more comes.
    pub fn until(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.settled();
            let new = &screen[self.unchanged(&screen)..];
            if new.contains(text) {
                let new = new.to_owned();
                self.seen = screen;
                return new;
            }
            assert!(
                start.elapsed() < PATIENCE && self.ended.try_recv().is_err(),
                "`{text}` did not come; this did:\n{new}"
            );
            thread::sleep(Duration::from_millis(4));
        }
    }

    /// How much of the screen is as it was seen: whole lines, and the beginning of one that was only written on.
    /// A list is painted over itself, so what is new can begin above the end of what was seen.
    fn unchanged(&self, screen: &str) -> usize {
        let mut at = 0;
        for seen in self.seen.split('\n') {
            let rest = &screen[at..];
            let line = rest.split('\n').next().unwrap_or_default();
            if line != seen {
                return match line.starts_with(seen) {
                    true => at + seen.len(),
                    false => at,
                };
            }
            at += line.len();
            if at == screen.len() {
                break;
            }
            at += 1;
        }
        at
    }

    /// The screen when whoever paints it has come to rest. A list is cleared from its top and painted again, so
    /// that in between its old end stands below the new beginning, for long where the machine is busy.
    fn settled(&self) -> String {
        let start = Instant::now();
        let mut screen = self.screen();
        loop {
            let rests = !self.works();
            thread::sleep(Duration::from_millis(4));
            let now = self.screen();
            if rests && now == screen || start.elapsed() > PATIENCE {
                return now;
            }
            screen = now;
        }
    }

    /// Whether the program in front runs or waits for a processor, as far as the system tells (Linux: proc(5),
    /// the third field of `stat`, behind the name in brackets).
    fn works(&self) -> bool {
        let leader = self.master.process_group_leader();
        let stat = leader.and_then(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
        let state = stat
            .as_deref()
            .and_then(|stat| stat.rsplit_once(") ")?.1.chars().next());
        matches!(state, Some('R' | 'D'))
    }

    /// Waits until the screen is as it shall be.
    pub fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        let mut screen = self.settled();
        while !wanted(&screen) {
            assert!(start.elapsed() < PATIENCE, "{screen}");
            screen = self.settled();
        }
        self.seen = screen;
    }

    /// Types something.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Types something and gives what it brought to the screen, as soon as that holds `text`.
    pub fn press(&mut self, keys: &str, text: &str) -> String {
        self.keys(keys);
        self.until(text)
    }

    /// Makes the terminal another width. A real one would break the lines anew; this one leaves them.
    pub fn resize(&mut self, columns: u16) {
        self.master.resize(size(columns)).unwrap();
        let mut screen = self.screen.lock().unwrap();
        screen.set_size(
            NonZeroU16::new(ROWS).unwrap(),
            NonZeroU16::new(columns).unwrap(),
        );
        drop(screen);
        self.seen = self.screen();
    }

    /// Makes the terminal so many rows high, as refit sees it.
    pub fn set_rows(&mut self, rows: u16) {
        let columns = self.screen.lock().unwrap().screen().size().1.get();
        let size = PtySize {
            rows,
            ..size(columns)
        };
        self.master.resize(size).unwrap();
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.process_id().unwrap());
        let done = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(done.success());
    }

    /// Whether the terminal echoes now.
    pub fn echoes(&self) -> bool {
        let now = tcgetattr(&self.tty).unwrap();
        now.local_modes.contains(LocalModes::ECHO)
    }

    /// Whether the cursor cannot be seen now.
    pub fn hides_the_cursor(&self) -> bool {
        self.screen.lock().unwrap().screen().hide_cursor()
    }

    /// Everything that was sent to the terminal.
    pub fn raw(&self) -> String {
        String::from_utf8(self.raw.lock().unwrap().clone()).unwrap()
    }

    /// Waits for the end of refit; gives its exit code and the whole screen. The terminal must be as
    /// it was.
    pub fn end(mut self) -> (u32, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PATIENCE {
                let screen = self.screen();
                self.child.kill().unwrap();
                panic!("refit did not end:\n{screen}");
            }
            thread::sleep(Duration::from_millis(4));
        };
        assert_eq!(status.signal(), None, "{}", self.screen());
        let now = tcgetattr(&self.tty).unwrap();
        assert_eq!(now.local_modes, self.before.local_modes);
        assert_eq!(now.input_modes, self.before.input_modes);
        assert_eq!(now.output_modes, self.before.output_modes);
        drop(self.tty);
        let _ = self.ended.recv_timeout(PATIENCE);
        let screen = self.screen.lock().unwrap();
        assert!(!screen.screen().hide_cursor(), "the cursor is hidden");
        assert!(!screen.screen().alternate_screen());
        assert!(!screen.screen().bracketed_paste());
        let (_, columns) = screen.screen().size();
        let rows: Vec<String> = screen
            .screen()
            .rows(0, columns.get())
            .map(|row| row.trim_end().to_owned())
            .collect();
        (status.exit_code(), rows.join("\n").trim_end().to_owned())
    }
}
