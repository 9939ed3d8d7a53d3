//! Numeric kernels on slices: matrix products, norms, rotary positions, gates, softmax.
//!
//! Products go through the `gemm` crate; everything else is plain loops over fixed-width blocks,
//! compiled once for each instruction set and chosen at run time by [`vectorised`]. Every kernel is
//! a pure function of its inputs, whichever thread runs it.

pub mod adamw;
#[cfg(test)]
pub mod check;
pub mod head;
pub mod matmul;
pub mod norm;
pub mod packed;
pub mod packed_attend;
pub mod packed_lines;
pub mod rope;
pub mod softmax;
pub mod swiglu;
pub mod vector;

/// Runs a block compiled for the best instruction set of this machine.
macro_rules! vectorised {
    ($body:expr) => {
        pulp::Arch::new().dispatch($crate::kernels::once(
            #[inline(always)]
            || $body,
        ))
    };
}
pub(crate) use vectorised;

/// How many numbers the blocked loops take at a time: one AVX-512 register.
pub const BLOCK: usize = 16;

/// The closure itself. Asking for `FnOnce` here makes the compiler take it as that, so that its one
/// call is inlined into code for the chosen instruction set; as any other kind of closure it would
/// be called through a shim that is compiled for the baseline.
#[inline(always)]
pub fn once<T, F: FnOnce() -> T>(block: F) -> F {
    block
}
