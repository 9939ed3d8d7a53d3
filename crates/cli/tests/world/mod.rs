//! A workspace of its own for each test, and the real program run in it.

#![allow(dead_code)] // Each test file uses its own part of this.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A model of a few thousand weights, trained for a moment on the easiest problems.
pub const TINY_MODEL: &[&str] = &[
    "pretrain",
    "--tokens",
    "60000",
    "--set",
    "shape={ hidden_size = 32, layers = 1, heads = 2, kv_heads = 1, intermediate_size = 64, context = 256 }",
    "--set",
    "block_updates=10",
    "--set",
    "check.evaluation.problems=0",
    "--set",
    "refresh.samples=0",
];

/// A run of a second on that model.
pub const TINY_RUN: &str = r#"
recipe = "raft"
seed = 3
rounds = 3
prompts = 12
tries = 4
model = { kind = "path", path = "tiny" }
task = { kind = "suite", cells = ["D1"] }

[alarms]
no_spread = "off"
truncated = { limit = 1.0 }
empty_mask = "warn"

[sampling]
max_tokens = 12

[sft]
lr = 1e-3
amount = { kind = "epochs", epochs = 2 }

[watch.test]
problems = 6
tries = 4
k = 4
sampling = { max_tokens = 12 }
"#;

/// A directory for one test.
pub struct World {
    directory: tempfile::TempDir,
}

/// What a command wrote and how it ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// An empty one.
    pub fn new() -> World {
        World { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// One with the tiny model in `tiny` and the run file `tiny.toml`.
    pub fn with_tiny_model() -> World {
        let world = World::new();
        world.write("tiny.toml", TINY_RUN);
        world.right(&[TINY_MODEL, &["--to", "tiny", "--dir", "making"]].concat());
        world
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The workspace directory that commands use unless told otherwise.
    pub fn workspace(&self) -> PathBuf {
        self.path().join(".autodidact")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("the directory is writable");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autodidact"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("AUTODIDACT_DIR")
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        let output = self.command(arguments).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs the program, which must end well; what it wrote to stdout.
    #[track_caller]
    pub fn right(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code, 0, "{arguments:?}\n{}\n{}", done.stdout, done.stderr);
        done.stdout
    }

    /// Runs the program, which must end well and write one JSON value.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.right(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
    }
}
