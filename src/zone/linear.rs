//! Search for an order in which overlapping calls can have taken effect one after the other, each between its request
//! and its answer. It is the search of Wing and Gong, with the memory that Lowe added. Each set of placed calls is
//! examined only once for each state that they left.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// The number of states that the search examines before it gives up.
const STEPS: usize = 20_000;
/// The most calls in one search: a set of calls is stored as the bits of a number.
const CALLS: usize = 64;

/// A call, with the times of its request and its answer in microseconds from any common start.
#[derive(Debug, Clone)]
pub(super) struct Call<E> {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) effect: E,
}

/// The result of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Orders<S: Ord> {
    /// Some orders explain the answers; these are the states that they end in.
    Explain(BTreeSet<S>),
    /// No order explains the answers.
    None,
    /// There are too many orders to examine.
    Undecided,
}

/// Searches all orders. `next` returns the states to which a call leads from a given state, or none if its answer is
/// wrong there.
pub(super) fn orders<E, S>(
    before: &[S],
    calls: &[Call<E>],
    next: impl Fn(&E, &S) -> Vec<S>,
) -> Orders<S>
where
    S: Clone + Ord + Hash,
{
    if calls.len() > CALLS {
        return Orders::Undecided;
    }
    let all = (0..calls.len()).fold(0_u64, |all, index| all | (1 << index));
    let mut ends = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open: Vec<(u64, S)> = before.iter().map(|state| (0, state.clone())).collect();
    while let Some((placed, state)) = open.pop() {
        if !seen.insert((placed, state.clone())) {
            continue;
        }
        if seen.len() > STEPS {
            return Orders::Undecided;
        }
        if placed == all {
            ends.insert(state);
            continue;
        }
        let left = || (0..calls.len()).filter(|index| placed & (1 << index) == 0);
        let first_end = left().map(|index| calls[index].end).min();
        for index in left() {
            // A call that began after another one ended comes after it.
            if first_end.is_some_and(|end| calls[index].start > end) {
                continue;
            }
            let states = next(&calls[index].effect, &state);
            open.extend(states.into_iter().map(|next| (placed | (1 << index), next)));
        }
    }
    if ends.is_empty() {
        Orders::None
    } else {
        Orders::Explain(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The effect of a call on a register: it writes a value, or reads one.
    enum Effect {
        Write(u8),
        Read(u8),
    }

    fn ends(calls: &[(u64, u64, Effect)]) -> Orders<u8> {
        let calls: Vec<Call<&Effect>> = calls
            .iter()
            .map(|(start, end, effect)| Call {
                start: *start,
                end: *end,
                effect,
            })
            .collect();
        orders(&[0], &calls, |effect, state| match effect {
            Effect::Write(value) => vec![*value],
            Effect::Read(value) if value == state => vec![*state],
            Effect::Read(_) => Vec::new(),
        })
    }

    fn explain(states: &[u8]) -> Orders<u8> {
        Orders::Explain(states.iter().copied().collect())
    }

    #[test]
    fn of_writes_at_the_same_time_each_may_be_the_last() {
        let calls = [(0, 9, Effect::Write(1)), (0, 9, Effect::Write(2))];
        assert_eq!(ends(&calls), explain(&[1, 2]));
    }

    #[test]
    fn a_write_that_began_after_another_ended_is_the_last() {
        let calls = [(0, 3, Effect::Write(1)), (4, 9, Effect::Write(2))];
        assert_eq!(ends(&calls), explain(&[2]));
    }

    #[test]
    fn a_read_between_two_writes_tells_their_order() {
        let calls = [
            (0, 9, Effect::Write(1)),
            (0, 2, Effect::Write(2)),
            (3, 9, Effect::Read(2)),
        ];
        assert_eq!(ends(&calls), explain(&[1, 2]));
        let calls = [
            (0, 2, Effect::Write(1)),
            (0, 2, Effect::Write(2)),
            (3, 9, Effect::Read(2)),
        ];
        assert_eq!(ends(&calls), explain(&[2]));
    }

    #[test]
    fn what_no_write_gave_no_order_explains() {
        let calls = [(0, 9, Effect::Write(1)), (0, 9, Effect::Read(3))];
        assert_eq!(ends(&calls), Orders::None);
    }

    #[test]
    fn an_old_value_after_a_new_one_was_read_no_order_explains() {
        let calls = [
            (0, 20, Effect::Write(1)),
            (1, 2, Effect::Read(1)),
            (3, 4, Effect::Read(0)),
        ];
        assert_eq!(ends(&calls), Orders::None);
    }

    #[test]
    fn many_calls_at_once_are_left_undecided() {
        let calls: Vec<_> = (0..40).map(|n| (0, 9, Effect::Write(n))).collect();
        assert_eq!(ends(&calls), Orders::Undecided);
    }
}
