package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func system() board {
	return board{
		name: "system", title: "System",
		about: "The machine, and the processes of the stack.",
		variables: []variable{
			choice("node", "Machine", `label_values(node_uname_info, instance)`),
		},
		rows: []row{
			{title: "Processor and memory", panels: machine()},
			{title: "Disk", panels: disks()},
			{title: "Network", panels: network()},
			{title: "Processes", panels: processes()},
		},
	}
}

func machine() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Processor", "Share of CPU time, by mode.", units.PercentUnit,
			query(`sum by (mode) (rate(node_cpu_seconds_total{instance=~"$node",mode!="idle"}[$__rate_interval])) / scalar(count(count by (cpu) (node_cpu_seconds_total{instance=~"$node"})))`, "{{mode}}")).Max(1),
		graph("Load", "Load average over one, five and fifteen minutes, and the number of cores.", units.Short,
			query(`node_load1{instance=~"$node"}`, "1 min"),
			query(`node_load5{instance=~"$node"}`, "5 min"),
			query(`node_load15{instance=~"$node"}`, "15 min"),
			query(`count(count by (cpu) (node_cpu_seconds_total{instance=~"$node"}))`, "cores")),
		stacked("Memory", "Memory in use, page cache, and free memory.", units.BytesIEC,
			query(`node_memory_MemTotal_bytes{instance=~"$node"} - node_memory_MemAvailable_bytes{instance=~"$node"}`, "used"),
			query(`node_memory_MemAvailable_bytes{instance=~"$node"} - node_memory_MemFree_bytes{instance=~"$node"}`, "caches"),
			query(`node_memory_MemFree_bytes{instance=~"$node"}`, "free")),
	}
}

func disks() []cog.Builder[dashboard.Panel] {
	const kept = `{instance=~"$node",fstype!~"tmpfs|overlay|squashfs|ramfs|proc|sysfs|devpts|mqueue|fuse.*"}`
	const block = `{instance=~"$node",device!~"loop.*|ram.*"}`
	return []cog.Builder[dashboard.Panel]{
		withThresholds(0.8, 0.9, graph("Disk used", "Used share of each file system.", units.PercentUnit,
			query(`max by (mountpoint) (1 - node_filesystem_avail_bytes`+kept+` / node_filesystem_size_bytes`+kept+`)`, "{{mountpoint}}")).Max(1)),
		graph("Disk traffic", "Bytes per second read from and written to each disk.", units.BytesPerSecondIEC,
			query(`sum by (device) (rate(node_disk_read_bytes_total`+block+`[$__rate_interval]))`, "{{device}} read"),
			query(`sum by (device) (rate(node_disk_written_bytes_total`+block+`[$__rate_interval]))`, "{{device}} written")),
		graph("Disk busy", "Share of time in which each disk is busy.", units.PercentUnit,
			query(`rate(node_disk_io_time_seconds_total`+block+`[$__rate_interval])`, "{{device}}")),
	}
}

func network() []cog.Builder[dashboard.Panel] {
	const kept = `{instance=~"$node",device!~"lo|veth.*|br-.*|docker.*"}`
	return []cog.Builder[dashboard.Panel]{
		graph("Network traffic", "Bytes per second by interface. In the stack the exporter sees those of its own container, not of the machine.", units.BytesPerSecondIEC,
			query(`sum by (device) (rate(node_network_receive_bytes_total`+kept+`[$__rate_interval]))`, "{{device}} in"),
			query(`sum by (device) (rate(node_network_transmit_bytes_total`+kept+`[$__rate_interval]))`, "{{device}} out")),
		graph("Network errors", "Packets per second with errors, or dropped.", units.OpsPerSecond,
			query(`sum by (device) (rate(node_network_receive_errs_total`+kept+`[$__rate_interval]) + rate(node_network_transmit_errs_total`+kept+`[$__rate_interval]))`, "{{device}} damaged"),
			query(`sum by (device) (rate(node_network_receive_drop_total`+kept+`[$__rate_interval]) + rate(node_network_transmit_drop_total`+kept+`[$__rate_interval]))`, "{{device}} dropped")),
		graph("TCP connections", "Established connections, and those in TIME_WAIT.", units.Short,
			query(`node_netstat_Tcp_CurrEstab{instance=~"$node"}`, "established"),
			query(`node_sockstat_TCP_tw{instance=~"$node"}`, "waiting")),
	}
}

func processes() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Processes of the machine", "Running processes, and those blocked by I/O.", units.Short,
			query(`node_procs_running{instance=~"$node"}`, "running"),
			query(`node_procs_blocked{instance=~"$node"}`, "blocked")),
		graph("Switches and starts", "Context switches and started processes per second.", units.OpsPerSecond,
			query(`rate(node_context_switches_total{instance=~"$node"}[$__rate_interval])`, "switches"),
			query(`rate(node_forks_total{instance=~"$node"}[$__rate_interval])`, "starts")),
		graph("Open files of the machine", "Open files.", units.Short,
			query(`node_filefd_allocated{instance=~"$node"}`, "open")),
		graph("Processor by process", "CPU seconds per second of each process of the stack that exports it.", units.Short,
			query(`sum by (job, instance) (rate(process_cpu_seconds_total[$__rate_interval]))`, "{{job}} {{instance}}")),
		graph("Memory by process", "Resident memory of each.", units.BytesIEC,
			query(`sum by (job, instance) (process_resident_memory_bytes)`, "{{job}} {{instance}}")),
		graph("Open files by process", "Files and connections that each has open.", units.Short,
			query(`sum by (job, instance) (process_open_fds)`, "{{job}} {{instance}}")),
	}
}
