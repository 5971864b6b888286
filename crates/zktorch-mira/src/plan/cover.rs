//! Minimum vertex cover of a bipartite graph: Hopcroft and Karp's matching, Koenig's theorem. Deterministic.

use std::collections::VecDeque;

/// Which vertices are in the cover.
pub(super) struct Cover {
    pub(super) left: Vec<bool>,
    pub(super) right: Vec<bool>,
}

/// A partner for every matched vertex.
struct Matching {
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
}

/// A minimum vertex cover; `edges[l]` lists the right neighbours of l, all below `rights`.
pub(super) fn minimum_vertex_cover(edges: &[Vec<usize>], rights: usize) -> Cover {
    let matching = maximum_matching(edges, rights);
    // Koenig: from the unmatched left vertices, alternate along unmatched and matched edges. The cover is the left
    // vertices that are not reached and the right ones that are.
    let mut reached_left = vec![false; edges.len()];
    let mut right = vec![false; rights];
    let mut queue: VecDeque<usize> = (0..edges.len()).filter(|l| matching.left[*l].is_none()).collect();
    queue.iter().for_each(|l| reached_left[*l] = true);
    while let Some(l) = queue.pop_front() {
        for &r in &edges[l] {
            if right[r] {
                continue;
            }
            right[r] = true;
            if let Some(next) = matching.right[r]
                && !reached_left[next]
            {
                reached_left[next] = true;
                queue.push_back(next);
            }
        }
    }
    let left = reached_left.iter().zip(edges).map(|(reached, e)| !reached && !e.is_empty()).collect();
    Cover { left, right }
}

/// Phases of shortest augmenting paths until there is none.
fn maximum_matching(edges: &[Vec<usize>], rights: usize) -> Matching {
    let mut matching = Matching { left: vec![None; edges.len()], right: vec![None; rights] };
    loop {
        let Some(layer) = layers(edges, &matching) else { return matching };
        let mut next_edge = vec![0; edges.len()];
        for start in 0..edges.len() {
            if matching.left[start].is_none() {
                augment(edges, &mut matching, &layer, &mut next_edge, start);
            }
        }
    }
}

/// Distances of the left vertices from the unmatched ones along alternating paths; `None` if no path augments.
fn layers(edges: &[Vec<usize>], matching: &Matching) -> Option<Vec<usize>> {
    let mut layer = vec![usize::MAX; edges.len()];
    let mut queue = VecDeque::new();
    for (l, _) in matching.left.iter().enumerate().filter(|(_, partner)| partner.is_none()) {
        layer[l] = 0;
        queue.push_back(l);
    }
    let mut augmentable = false;
    while let Some(l) = queue.pop_front() {
        for &r in &edges[l] {
            match matching.right[r] {
                None => augmentable = true,
                Some(next) if layer[next] == usize::MAX => {
                    layer[next] = layer[l] + 1;
                    queue.push_back(next);
                }
                Some(_) => {}
            }
        }
    }
    augmentable.then_some(layer)
}

/// Looks for an augmenting path from the unmatched left vertex `start` through increasing layers, and applies it.
///
/// Depth first with an explicit stack: paths may be as long as the graph.
fn augment(
    edges: &[Vec<usize>],
    matching: &mut Matching,
    layer: &[usize],
    next_edge: &mut [usize],
    start: usize,
) {
    // The path so far: left vertices; the edge taken from each is edges[l][next_edge[l] - 1].
    let mut path = vec![start];
    while let Some(&l) = path.last() {
        let Some(&r) = edges[l].get(next_edge[l]) else {
            path.pop();
            continue;
        };
        next_edge[l] += 1;
        match matching.right[r] {
            Some(next) if layer[next] == layer[l] + 1 => path.push(next),
            Some(_) => {}
            None => {
                for &l in &path {
                    let r = edges[l][next_edge[l] - 1];
                    matching.left[l] = Some(r);
                    matching.right[r] = Some(l);
                }
                return;
            }
        }
    }
}
