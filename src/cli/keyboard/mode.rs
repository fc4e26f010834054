//! The settings of the terminal, and the signals that come while refit asks.
//!
//! Whatever ends or stops the process, the terminal has to be as it was before: with echo, with lines, and
//! with a cursor. Signals are taken for the life of the process (a handler cannot be given back), so what was
//! done by default is done by default again when nobody is asked any longer.
//!
//! A signal interrupts a read, and the thread that reads then decides what it means: only it can say how to go
//! on from here. Where nothing is read, because something is being worked out, a thread of its own does the
//! least: it gives the terminal back and ends or stops the process.

#[cfg(unix)]
pub use unix::TerminalMode;

#[cfg(not(unix))]
pub use other::TerminalMode;

use refit::review::talk::Stop;

/// Shows the cursor, which a list hides.
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// The meaning of a read that has ended without a key.
pub enum ReadEnd {
    /// The process was suspended, and goes on.
    Resumed,
    /// The terminal has another size.
    Resized,
    /// There will be no key.
    Stop(Stop),
}

#[cfg(unix)]
mod unix {
    use std::{
        io,
        sync::{
            Arc, Mutex, MutexGuard, OnceLock, PoisonError,
            atomic::{AtomicBool, Ordering::SeqCst},
        },
        thread,
        time::{Duration, Instant},
    };

    use rustix::{
        event::{PollFd, PollFlags, poll},
        process::{Signal, getpid, getppid, getsid, kill_process},
        termios::{
            LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
        },
    };
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH},
        flag,
        iterator::Signals,
        low_level::emulate_default_handler,
    };

    use super::{ReadEnd, SHOW_CURSOR, Stop};

    /// The time that a read may take to notice that a signal interrupted it. One that none interrupted never does.
    const NOTICE: Duration = Duration::from_millis(200);
    /// The time that work may take before Ctrl-C ends it without a word on how to go on.
    const PATIENCE: Duration = Duration::from_millis(1500);
    /// A window that is dragged to another size tells of many sizes in between.
    const SETTLED: Duration = Duration::from_millis(80);

    /// The signals of this process that concern the terminal.
    struct Signalled {
        /// Nobody is asked: every signal does what it does by default.
        free: Arc<AtomicBool>,
        interrupted: Arc<AtomicBool>,
        suspended: Arc<AtomicBool>,
        resized: Arc<AtomicBool>,
        /// The process was stopped behind the back of a read, and goes on.
        resumed: AtomicBool,
        /// The process shall end at once.
        ends: Arc<AtomicBool>,
        /// True if the reading thread has seen that, and put back the settings that it made for the read.
        parked: AtomicBool,
        /// True if a list is on the screen, without a cursor.
        listing: AtomicBool,
        /// Held while nothing may end the process.
        busy: Mutex<()>,
        /// The settings before, and while somebody is asked.
        settings: Mutex<Option<(Termios, Termios)>>,
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signals, taken once.
    fn signalled() -> io::Result<&'static Signalled> {
        static ALL: OnceLock<Result<Signalled, String>> = OnceLock::new();
        let all = ALL.get_or_init(|| take_signals().map_err(|e| e.to_string()));
        static WATCHED: OnceLock<()> = OnceLock::new();
        let all = all.as_ref().map_err(|e| io::Error::other(e.clone()))?;
        let mut failed = None;
        WATCHED.get_or_init(|| failed = all.watch().err());
        failed.map_or(Ok(all), Err)
    }

    fn take_signals() -> io::Result<Signalled> {
        let all = Signalled {
            free: Arc::new(AtomicBool::new(true)),
            interrupted: Arc::default(),
            suspended: Arc::default(),
            resized: Arc::default(),
            resumed: AtomicBool::new(false),
            ends: Arc::default(),
            parked: AtomicBool::new(false),
            listing: AtomicBool::new(false),
            busy: Mutex::new(()),
            settings: Mutex::new(None),
        };
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGTSTP] {
            // Before the flags below: signal-hook runs what is registered in its order, and as long as nobody
            // is asked a signal has to end or stop the process before anything else sees it.
            flag::register_conditional_default(signal, Arc::clone(&all.free))?;
        }
        for (signal, seen) in [
            (SIGHUP, &all.ends),
            (SIGTERM, &all.ends),
            (SIGINT, &all.interrupted),
            (SIGTSTP, &all.suspended),
            (SIGWINCH, &all.resized),
        ] {
            flag::register(signal, Arc::clone(seen))?;
        }
        Ok(all)
    }

    impl Signalled {
        /// Does what a signal asks for where no read does.
        fn watch(&'static self) -> io::Result<()> {
            let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP])?;
            thread::spawn(move || {
                for signal in signals.forever() {
                    if self.free.load(SeqCst) {
                        continue;
                    }
                    match signal {
                        SIGTSTP if self.is_left(&self.suspended, NOTICE) => {
                            self.stop();
                            // A read that has begun meanwhile has to show its prompt again: a signal ends it.
                            self.resumed.store(true, SeqCst);
                            let _ = kill_process(getpid(), Signal::WINCH);
                        }
                        SIGINT if self.is_left(&self.interrupted, PATIENCE) => self.end(signal),
                        SIGTSTP | SIGINT => {}
                        _ => self.end(signal),
                    }
                }
            });
            Ok(())
        }

        /// True if nobody has dealt with a signal for so long; it counts as dealt with then.
        fn is_left(&self, signal: &AtomicBool, time: Duration) -> bool {
            let start = Instant::now();
            while start.elapsed() < time {
                if !signal.load(SeqCst) {
                    return false;
                }
                thread::sleep(Duration::from_millis(2));
            }
            signal.swap(false, SeqCst)
        }

        /// Gives the terminal back and ends the process.
        fn end(&self, signal: i32) -> ! {
            let _idle = lock(&self.busy);
            // A read sets the terminal for itself, and back when it ends: that must not come later.
            let start = Instant::now();
            while !self.parked.load(SeqCst) && start.elapsed() < NOTICE {
                thread::sleep(Duration::from_millis(2));
            }
            self.give_back();
            let _ = rustix::io::write(io::stderr(), b"\n");
            // The code by which shells tell that a signal ended a process.
            std::process::exit(128 + signal)
        }

        /// Gives the terminal back, stops the process until it is told to go on, and takes the terminal again.
        fn stop(&self) {
            self.give_back();
            let _ = emulate_default_handler(SIGTSTP);
            if let Some((_, now)) = &*lock(&self.settings) {
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, now);
            }
            // What came while it was stopped says nothing about what is on the screen now.
            self.resized.store(false, SeqCst);
            self.interrupted.store(false, SeqCst);
        }

        fn give_back(&self) {
            if let Some((before, _)) = &*lock(&self.settings) {
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
            }
            if self.listing.load(SeqCst) {
                let _ = rustix::io::write(io::stderr(), SHOW_CURSOR);
            }
        }
    }

    /// The terminal while somebody is asked.
    pub struct TerminalMode {
        signalled: &'static Signalled,
    }

    impl TerminalMode {
        /// Switches echo and line mode off, unless whole lines are read.
        ///
        /// # Errors
        ///
        /// If the settings cannot be read or changed, or signals cannot be taken.
        pub fn take(whole_lines: bool) -> io::Result<Self> {
            let stdin = io::stdin();
            let before = tcgetattr(&stdin)?;
            let signalled = signalled()?;
            let mut now = before.clone();
            if !whole_lines {
                now.local_modes
                    .remove(LocalModes::ECHO | LocalModes::ICANON);
            }
            *lock(&signalled.settings) = Some((before, now.clone()));
            for seen in [
                &signalled.interrupted,
                &signalled.suspended,
                &signalled.resized,
            ] {
                seen.store(false, SeqCst);
            }
            signalled.free.store(false, SeqCst);
            let mode = Self { signalled };
            if !whole_lines {
                tcsetattr(&stdin, OptionalActions::Drain, &now)?;
            }
            Ok(mode)
        }

        /// As long as the result lives, no signal ends the process.
        pub fn without_interruption(&self) -> MutexGuard<'_, ()> {
            lock(&self.signalled.busy)
        }

        /// A read begins. Whether Ctrl-C came while something was worked out.
        pub fn begin_to_read(&self) -> bool {
            self.park_if_it_ends();
            self.signalled.resized.store(false, SeqCst);
            self.signalled.resumed.store(false, SeqCst);
            self.is_interrupted()
        }

        /// True if Ctrl-C came since the last read; it counts as dealt with then.
        pub fn is_interrupted(&self) -> bool {
            self.signalled.interrupted.swap(false, SeqCst)
        }

        /// Waits until a line was typed: unlike its read, this ends when a signal comes.
        ///
        /// # Errors
        ///
        /// If a signal comes.
        pub fn wait_for_line(&self) -> io::Result<()> {
            let stdin = io::stdin();
            poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None)?;
            Ok(())
        }

        /// The reason for which a read has ended without a key.
        pub fn after(&self, error: io::Error) -> ReadEnd {
            self.park_if_it_ends();
            let signalled = self.signalled;
            if signalled.suspended.swap(false, SeqCst) {
                self.suspend();
                return ReadEnd::Resumed;
            }
            if signalled.resumed.swap(false, SeqCst) {
                signalled.interrupted.store(false, SeqCst);
                return ReadEnd::Resumed;
            }
            if signalled.resized.swap(false, SeqCst) {
                while {
                    thread::sleep(SETTLED);
                    signalled.resized.swap(false, SeqCst)
                } {}
                // console takes every interrupted read for Ctrl-C, and raises its signal.
                signalled.interrupted.store(false, SeqCst);
                return ReadEnd::Resized;
            }
            signalled.interrupted.store(false, SeqCst);
            ReadEnd::Stop(match error.kind() {
                io::ErrorKind::Interrupted => Stop::Interrupted,
                _ => Stop::Terminal(error),
            })
        }

        /// Suspends the process, as the shell's Ctrl-Z does. Without a shell to go back to it would never go
        /// on: then nothing happens.
        pub fn suspend(&self) {
            let parent = getppid().map(|parent| getsid(Some(parent)).ok());
            if parent
                .flatten()
                .is_some_and(|of| Some(of) == getsid(None).ok())
            {
                self.signalled.stop();
            }
        }

        /// A read that a signal interrupted looks like Ctrl-C: if the process shall end, that decides how.
        fn park_if_it_ends(&self) {
            while self.signalled.ends.load(SeqCst) {
                self.signalled.parked.store(true, SeqCst);
                thread::sleep(Duration::from_millis(50));
            }
        }

        /// Drops what was typed and not read.
        pub fn forget(&self) {
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }

        /// Something hides the cursor now: whatever ends or stops the process has to show it.
        pub fn hide_cursor(&self) {
            self.signalled.listing.store(true, SeqCst);
        }

        /// Shows the cursor.
        pub fn show_cursor(&self) {
            let _ = rustix::io::write(io::stderr(), SHOW_CURSOR);
            self.signalled.listing.store(false, SeqCst);
        }
    }

    impl Drop for TerminalMode {
        fn drop(&mut self) {
            if let Some((before, _)) = lock(&self.signalled.settings).take() {
                let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &before);
            }
            self.signalled.free.store(true, SeqCst);
        }
    }
}

#[cfg(not(unix))]
mod other {
    //! Elsewhere a console reads keys without settings that could stay behind.

    use std::io;

    use super::{ReadEnd, SHOW_CURSOR, Stop};

    /// Nothing to restore but a cursor.
    pub struct TerminalMode;

    impl TerminalMode {
        /// Changes nothing.
        pub fn take(_whole_lines: bool) -> io::Result<Self> {
            Ok(Self)
        }

        /// Nothing disturbs.
        pub fn without_interruption(&self) {}

        /// No signal comes.
        pub fn begin_to_read(&self) -> bool {
            false
        }

        /// No signal comes.
        pub fn is_interrupted(&self) -> bool {
            false
        }

        /// A read waits by itself.
        ///
        /// # Errors
        ///
        /// None.
        pub fn wait_for_line(&self) -> io::Result<()> {
            Ok(())
        }

        /// The meaning of an error.
        pub fn after(&self, error: io::Error) -> ReadEnd {
            ReadEnd::Stop(match error.kind() {
                io::ErrorKind::Interrupted => Stop::Interrupted,
                _ => Stop::Terminal(error),
            })
        }

        /// Nothing is suspended.
        pub fn suspend(&self) {}

        /// Nothing is kept.
        pub fn forget(&self) {}

        /// Nothing has to be remembered.
        pub fn hide_cursor(&self) {}

        /// Shows the cursor.
        pub fn show_cursor(&self) {
            let _ = io::Write::write_all(&mut io::stderr(), SHOW_CURSOR);
        }
    }
}
