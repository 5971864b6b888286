use proptest::prelude::*;

use super::*;
use crate::test_util::{Data, any_terms, scalar, scalars};

proptest! {
    #[test]
    fn the_stages_make_up_all_levels(terms in any_terms(40, 40), kind in 0usize..4) {
        let plan = crate::plan::FoldPlan::new(40, 40, terms.clone()).unwrap();
        let coefficients: Vec<_> = terms.iter().map(|t| scalars(1, t.len())).collect();
        let bound = plan.bind(&coefficients, scalar(2)).unwrap();
        let data: Vec<Data> = (0..40).map(|b| Data::new(b, kind, 2)).collect();
        let columns: Vec<Column<'_>> = data.iter().map(Data::column).collect();
        let points: Vec<_> = (0..40).map(|p| scalars(p, 4)).collect();
        let tables = super::super::tables::point_tables(bound.rows(), &points);
        let sizes = stage_sizes(bound.rows(), &columns, &tables, plan.levels());
        prop_assert_eq!(sizes.iter().sum::<usize>(), plan.levels());
        prop_assert!(sizes.iter().all(|size| (1..=MAX_STAGE).contains(size)));
    }
}
