//! Prints rows of the pre-training stream: `stream ROWS TOTAL`.

use autodidact_core::Seed;
use autodidact_parts::task::{PretrainStream, StreamConfig};

fn main() -> autodidact_core::Result<()> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    let (rows, total) = match numbers[..] {
        [rows, total] => (rows, total),
        _ => (20, 1_000),
    };
    let stream = PretrainStream::new(StreamConfig::default(), Seed::root(0), total)?;
    for row_idx in 0..rows {
        println!("{}", stream.row(row_idx * total / rows.max(1))?.text);
    }
    Ok(())
}
