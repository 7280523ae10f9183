//! The order in which glibc relocates objects: what is needed before what needs
//! it, the program last (`elf/dl-sort-maps.c:_dl_sort_maps_dfs`, the rule since
//! release 2.35; older ones differ where needs go round in a circle).

use std::collections::{HashMap, HashSet};

use crate::graph::Graph;
use crate::loader::{LinkMap, ObjectId};

/// The objects of `scope`, which begins with the program, first to be relocated
/// first.
pub(in crate::graph) fn relocation_order(graph: &Graph, scope: &[ObjectId]) -> Vec<ObjectId> {
    let needs = needs(graph);
    let mut visited = HashSet::new();
    // Each object is put in front of those before it; so the last one that is
    // finished comes first, and what is wanted is the order of finishing.
    let mut finished = Vec::with_capacity(scope.len());
    for &root in scope.iter().rev() {
        visit(root, &needs, &mut visited, &mut finished);
    }
    let (mut order, program): (Vec<_>, Vec<_>) =
        finished.into_iter().partition(|id| *id != LinkMap::MAIN);
    order.retain(|id| scope.contains(id));
    order.extend(program);
    order
}

/// Visits depth first, without recursion: a chain of needs may be long.
fn visit(
    root: ObjectId,
    needs: &HashMap<ObjectId, Vec<ObjectId>>,
    visited: &mut HashSet<ObjectId>,
    finished: &mut Vec<ObjectId>,
) {
    if !visited.insert(root) {
        return;
    }
    let mut stack = vec![(root, 0)];
    while let Some((object, next)) = stack.last_mut() {
        let need = needs.get(object).and_then(|needs| needs.get(*next));
        *next += 1;
        match need {
            // Nothing puts the program before what it needs.
            Some(&need) if need != LinkMap::MAIN && visited.insert(need) => stack.push((need, 0)),
            Some(_) => {}
            None => {
                finished.push(*object);
                stack.pop();
            }
        }
    }
}

/// What each object needs, in the order of its entries.
fn needs(graph: &Graph) -> HashMap<ObjectId, Vec<ObjectId>> {
    let mut by_name = HashMap::new();
    for library in &graph.libraries {
        let Some(object) = library.object else {
            continue;
        };
        for &requester in &library.requesters {
            by_name.insert((requester, &*library.name), object);
        }
    }
    let objects = graph.map.iter().filter_map(|(id, loaded)| {
        let facts = loaded.object.as_ref()?;
        let needs = facts.dynamic.needs.iter();
        let found = needs.filter_map(|need| by_name.get(&(id, &*need.name)).copied());
        Some((id, found.collect()))
    });
    objects.collect()
}
