//! Hand sums of the criteria, values of scikit-learn, and what holds for every fit.

use super::*;
