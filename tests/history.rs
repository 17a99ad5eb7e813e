//! `make bench`: a history as large as it becomes. 90 days of 100 hosts stay below the bound, and every curve and every page is there at once.

mod page;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use pryvctl::{
    model::size::Bytes,
    watch::{
        history::{History, Kept},
        measure::Measure,
        now,
    },
};
use rand::RngExt as _;

const HOSTS: u32 = 100;
const DAYS: i64 = 90;
const DAY: i64 = 86_400;

/// What `--history-size` is unless somebody says otherwise.
const BOUND: Bytes = Bytes(2 << 30);

/// The longest that somebody who opens a page waits for a curve.
const AT_ONCE: Duration = Duration::from_millis(200);

#[test]
#[ignore = "generates 5 million samples; `make bench` runs it"]
fn ninety_days_of_a_hundred_hosts() {
    let folder = std::env::temp_dir().join("pryvctl-ninety-days");
    fs::remove_dir_all(&folder).unwrap_or_default();
    let path = folder.join("history.db");
    let mut history = History::open(&path).unwrap();
    history.limit(BOUND).unwrap();
    let (begun, now) = (Instant::now(), now());
    let (samples, keeping, thinning) = generate(&mut history, now);
    let size = size(&path);
    println!(
        "{samples} samples of {} figures in {:.0} s; to keep one takes {} us, to thin it {} us; {} of {BOUND}",
        figures(1).len(),
        begun.elapsed().as_secs_f64(),
        keeping.as_micros() / samples,
        thinning.as_micros() / samples,
        Bytes(size),
    );
    for (table, (rows, bytes)) in tables(&path) {
        println!("{table:>8}: {rows} rows, {} bytes each, {} in all", bytes / rows.max(1), Bytes(bytes));
    }
    let slowest = read(&path, now);
    drop(history);
    let page = page::slowest(&path, HOSTS);
    fs::remove_dir_all(&folder).unwrap();
    assert!(size < BOUND.0, "{}", Bytes(size));
    assert!(slowest < AT_ONCE, "a curve takes {slowest:?}");
    assert!(page < AT_ONCE, "a page takes {page:?}");
}

/// All that there would be after 90 days, as the daemon would write it: a sample each minute of the last three days, and before
/// them two for each five minutes, which is enough for a mean with its least and its most.
fn generate(history: &mut History, now: i64) -> (u128, Duration, Duration) {
    let (mut samples, mut keeping, mut thinning) = (0, Duration::ZERO, Duration::ZERO);
    let mut at = now - DAYS * DAY;
    let mut thinned = at;
    while at <= now {
        let batch: Vec<_> = (0..HOSTS).map(|host| sample(host, at)).collect();
        samples += u128::from(HOSTS);
        let begun = Instant::now();
        history.keep(&batch).unwrap();
        keeping += begun.elapsed();
        at += if at < now - 3 * DAY { 150 } else { 60 };
        // The daemon does it each five minutes, and by then has more to do at once.
        if at - thinned >= 3600 {
            let begun = Instant::now();
            history.make_room(at).unwrap();
            history.thin(at).unwrap();
            thinning += begun.elapsed();
            thinned = at;
        }
    }
    history.thin(now).unwrap();
    (samples, keeping, thinning)
}

fn sample(host: u32, at: i64) -> Kept {
    Kept { host: format!("host{host:03}").parse().unwrap(), at, measures: figures(at) }
}

/// What a busy host with a disk, two interfaces and six containers says: some figures never change, most always do.
fn figures(at: i64) -> Vec<Measure> {
    let mut random = rand::rng();
    let mut found = Vec::new();
    let mut add = |metric, part: &str, value: f64| {
        found.push(Measure { metric, part: part.to_owned(), value });
    };
    add("uptime_seconds", "", f64::from(u32::try_from(at).unwrap()) + 0.25);
    for metric in ["load1", "load5", "load15"] {
        add(metric, "", f64::from(random.random_range(0..400)) / 100.0);
    }
    let mut pages = |of: u32| f64::from(random.random_range(0..of)) * 4096.0;
    add("memory_total_bytes", "", 25_276_510_208.0);
    add("memory_free_bytes", "", pages(1 << 20));
    add("memory_available_bytes", "", pages(1 << 22));
    add("swap_total_bytes", "", 0.0);
    add("swap_free_bytes", "", 0.0);
    for mount in ["/", "/var/lib/docker"] {
        add("filesystem_size_bytes", mount, 270_553_174_016.0);
        add("filesystem_free_bytes", mount, pages(1 << 24));
        add("filesystem_inodes", mount, 16_777_216.0);
        add("filesystem_inodes_free", mount, pages(1 << 12));
    }
    for metric in ["swap_in_pages_per_second", "swap_out_pages_per_second", "oom_kills_per_second"] {
        add(metric, "", 0.0);
    }
    let containers = ["core_a", "core_b", "dns_a", "mfa_a", "nginx_a", "storage"];
    for container in containers {
        add("container_running", container, 1.0);
        add("container_healthy", container, 1.0);
        add("container_memory_bytes", container, pages(1 << 18));
    }
    let mut ratio = || random.random::<f64>();
    containers.iter().for_each(|container| add("container_cpu_ratio", container, ratio()));
    for resource in ["cpu", "memory", "io"] {
        add("pressure_some_ratio", resource, ratio());
        add("pressure_full_ratio", resource, ratio());
    }
    for metric in ["cpu_user_ratio", "cpu_system_ratio", "cpu_iowait_ratio", "cpu_steal_ratio"] {
        add(metric, "", ratio());
    }
    for metric in ["disk_reads_per_second", "disk_writes_per_second", "disk_busy_ratio"] {
        add(metric, "vda", ratio());
    }
    add("disk_read_bytes_per_second", "vda", ratio() * 1e7);
    add("disk_written_bytes_per_second", "vda", ratio() * 1e7);
    for interface in ["eth0", "docker0"] {
        for metric in ["network_received_bytes_per_second", "network_sent_bytes_per_second"] {
            add(metric, interface, ratio() * 1e6);
        }
        for metric in ["network_received_packets_per_second", "network_sent_packets_per_second"] {
            add(metric, interface, ratio() * 1e3);
        }
        for metric in [
            "network_received_errors_per_second",
            "network_received_drops_per_second",
            "network_sent_errors_per_second",
            "network_sent_drops_per_second",
        ] {
            add(metric, interface, 0.0);
        }
    }
    found
}

/// The database with its log.
fn size(path: &Path) -> u64 {
    let files = fs::read_dir(path.parent().unwrap()).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// How many rows each table has, and how many bytes of figures are in them.
fn tables(path: &Path) -> Vec<(&'static str, (u64, u64))> {
    let database = rusqlite::Connection::open(path).unwrap();
    let count = |select: String| {
        let found: i64 = database.query_row(&select, [], |row| row.get(0)).unwrap();
        found.unsigned_abs()
    };
    let of = |table| {
        let rows = count(format!("SELECT count(*) FROM {table}"));
        (rows, count(format!("SELECT coalesce(sum(length(packed)), 0) FROM {table}")))
    };
    ["sample", "minutes", "hours"].into_iter().map(|table| (table, of(table))).collect()
}

/// Reads every metric of three hosts over every span that the page has, with a new reader as a page is, and gives the slowest.
fn read(path: &Path, now: i64) -> Duration {
    let mut slowest = Duration::ZERO;
    let spans = [("1 h", 3600), ("24 h", DAY), ("7 d", 7 * DAY), ("30 d", 30 * DAY), ("90 d", 90 * DAY)];
    for (name, span) in spans {
        let (mut longest, mut points) = (Duration::ZERO, 0);
        for host in ["host000", "host050", "host099"] {
            for metric in History::read(path).unwrap().metrics().unwrap() {
                let begun = Instant::now();
                let curves =
                    History::read(path).unwrap().curves(&[&metric], Some(host), now - span, now).unwrap();
                longest = longest.max(begun.elapsed());
                assert!(!curves.is_empty(), "{metric} of {host}");
                points = curves.iter().map(|curve| curve.points.len()).max().unwrap();
            }
        }
        println!("{name:>5}: {points} points, the slowest metric of a host takes {} ms", longest.as_millis());
        slowest = slowest.max(longest);
    }
    slowest
}
