use super::*;

#[test]
fn an_inventory_that_is_replaced_is_seen_once() {
    let path = std::env::temp_dir().join(format!("pryvctl-inventory-{}", rand::random::<u64>()));
    std::fs::write(&path, "a").unwrap();
    let mut file = File { path: path.clone(), seen: None };
    assert!(file.changed());
    assert!(!file.changed());
    std::fs::write(&path, "ab").unwrap();
    assert!(file.changed());
    assert!(!file.changed());
    std::fs::remove_file(&path).unwrap();
    assert!(!file.changed());
}
