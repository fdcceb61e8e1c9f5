//! The clauses that state the promises of an operation.

use serde::{Deserialize, Serialize};

use super::clause::ClauseId;

macro_rules! promises {
    ($($name:ident $doc:literal;)*) => {
        /// The clauses of one operation, by what they promise; `None` if the documents do not promise it for the
        /// operation.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct Promises { $(#[doc = $doc] pub $name: Option<ClauseId>,)* }

        impl Promises {
            /// Returns whether the operation makes the promise that a clause states.
            #[must_use]
            pub fn has(&self, clause: &ClauseId) -> bool {
                [$(&self.$name),*].into_iter().any(|promised| promised.as_ref() == Some(clause))
            }

            /// Returns the clause of each promise that the operation makes, by the promise's name in
            /// `schemas/contract.yaml`.
            #[must_use]
            pub fn all(&self) -> Vec<(String, &ClauseId)> {
                let all = [$((stringify!($name), &self.$name)),*];
                let named = all.into_iter();
                named
                    .filter_map(|(name, clause)| Some((name.replace('_', "-"), clause.as_ref()?)))
                    .collect()
            }
        }
    };
}

promises! {
    form "A success has the documented form.";
    new "An accepted write makes a mapping where there was none.";
    existing "An accepted write changes or deletes a mapping that was there.";
    repeated "The same write once more changes nothing.";
    others "Mappings that the request does not name stay.";
    shown "The answer tells of a mapping that is there.";
    absent "The answer tells that there is no mapping.";
    deleted_values "The answer to a delete shows what the mapping was.";
    last "After the last mapping the zone is empty.";
    one_by_one "Each item of a batch is judged by itself.";
    each_once "Each item of a batch is answered once.";
    item_error "`error` stands on failed items, and on no other.";
    item_values "Succeeded items show what was written.";
    applied_time "`modified_on` of a batch tells whether something was applied.";
    size "The most items of a batch, and no more.";
    no_body "A request without its body is refused.";
    full "A full zone takes no more.";
    full_existing "A full zone still lets its mappings be changed.";
    place "A wrong vendor or region is refused.";
    invalid "An invalid or missing address is refused.";
    differs "A body that names another address than the path is refused.";
    store "A failure of the store changes nothing.";
    validation "A vendor check that is out of reach changes nothing.";
    limit "No zone shows more than the most mappings.";
    empty "An empty zone is shown as one.";
    set_time "The time of the set is not before that of an entry.";
    order "The same page has the same order.";
    page_defaults "What `page` and `per_page` are where the request says nothing.";
    page_size "Which values of `per_page` are refused.";
    page_number "Which values of `page` are refused.";
    page_past_the_end "A page past the end is empty.";
}
