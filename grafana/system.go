package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func system() board {
	return board{
		name: "system", title: "System",
		about: "The machine that all this runs on, and the processes of the stack.",
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
		stacked("Processor", "What the cores do, as part of all they could.", units.PercentUnit,
			query(`sum by (mode) (rate(node_cpu_seconds_total{instance=~"$node",mode!="idle"}[$__rate_interval])) / scalar(count(count by (cpu) (node_cpu_seconds_total{instance=~"$node"})))`, "{{mode}}")).Max(1),
		graph("Load", "Processes that run or would, over one, five and fifteen minutes, and how many cores there are for them.", units.Short,
			query(`node_load1{instance=~"$node"}`, "1 min"),
			query(`node_load5{instance=~"$node"}`, "5 min"),
			query(`node_load15{instance=~"$node"}`, "15 min"),
			query(`count(count by (cpu) (node_cpu_seconds_total{instance=~"$node"}))`, "cores")),
		stacked("Memory", "What is in use, what caches files and could be given back, and what is free.", units.BytesIEC,
			query(`node_memory_MemTotal_bytes{instance=~"$node"} - node_memory_MemAvailable_bytes{instance=~"$node"}`, "used"),
			query(`node_memory_MemAvailable_bytes{instance=~"$node"} - node_memory_MemFree_bytes{instance=~"$node"}`, "caches"),
			query(`node_memory_MemFree_bytes{instance=~"$node"}`, "free")),
	}
}

func disks() []cog.Builder[dashboard.Panel] {
	const kept = `{instance=~"$node",fstype!~"tmpfs|overlay|squashfs|ramfs|proc|sysfs|devpts|mqueue|fuse.*"}`
	const block = `{instance=~"$node",device!~"loop.*|ram.*"}`
	return []cog.Builder[dashboard.Panel]{
		withThresholds(0.8, 0.9, graph("Disk used", "The part of each file system that is used.", units.PercentUnit,
			query(`max by (mountpoint) (1 - node_filesystem_avail_bytes`+kept+` / node_filesystem_size_bytes`+kept+`)`, "{{mountpoint}}")).Max(1)),
		graph("Disk traffic", "Bytes a second read from and written to each disk.", units.BytesPerSecondIEC,
			query(`sum by (device) (rate(node_disk_read_bytes_total`+block+`[$__rate_interval]))`, "{{device}} read"),
			query(`sum by (device) (rate(node_disk_written_bytes_total`+block+`[$__rate_interval]))`, "{{device}} written")),
		graph("Disk busy", "The part of time in which each disk has something to do.", units.PercentUnit,
			query(`rate(node_disk_io_time_seconds_total`+block+`[$__rate_interval])`, "{{device}}")),
	}
}

func network() []cog.Builder[dashboard.Panel] {
	const kept = `{instance=~"$node",device!~"lo|veth.*|br-.*|docker.*"}`
	return []cog.Builder[dashboard.Panel]{
		graph("Network traffic", "Bytes a second by interface. In the stack the exporter sees its own container's, not the machine's.", units.BytesPerSecondIEC,
			query(`sum by (device) (rate(node_network_receive_bytes_total`+kept+`[$__rate_interval]))`, "{{device}} in"),
			query(`sum by (device) (rate(node_network_transmit_bytes_total`+kept+`[$__rate_interval]))`, "{{device}} out")),
		graph("Network errors", "Packets a second that were damaged or dropped.", units.OpsPerSecond,
			query(`sum by (device) (rate(node_network_receive_errs_total`+kept+`[$__rate_interval]) + rate(node_network_transmit_errs_total`+kept+`[$__rate_interval]))`, "{{device}} damaged"),
			query(`sum by (device) (rate(node_network_receive_drop_total`+kept+`[$__rate_interval]) + rate(node_network_transmit_drop_total`+kept+`[$__rate_interval]))`, "{{device}} dropped")),
		graph("TCP connections", "Connections that are established, and those that wait to be over.", units.Short,
			query(`node_netstat_Tcp_CurrEstab{instance=~"$node"}`, "established"),
			query(`node_sockstat_TCP_tw{instance=~"$node"}`, "waiting")),
	}
}

func processes() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Processes of the machine", "Processes that run at this moment, and those that wait for a disk.", units.Short,
			query(`node_procs_running{instance=~"$node"}`, "running"),
			query(`node_procs_blocked{instance=~"$node"}`, "blocked")),
		graph("Switches and starts", "How often a second a core turns to another process, and how many processes are started.", units.OpsPerSecond,
			query(`rate(node_context_switches_total{instance=~"$node"}[$__rate_interval])`, "switches"),
			query(`rate(node_forks_total{instance=~"$node"}[$__rate_interval])`, "starts")),
		graph("Open files of the machine", "Files that are open.", units.Short,
			query(`node_filefd_allocated{instance=~"$node"}`, "open")),
		graph("Processor by process", "Processor seconds a second of each process of the stack that tells.", units.Short,
			query(`sum by (job, instance) (rate(process_cpu_seconds_total[$__rate_interval]))`, "{{job}} {{instance}}")),
		graph("Memory by process", "Resident memory of each.", units.BytesIEC,
			query(`sum by (job, instance) (process_resident_memory_bytes)`, "{{job}} {{instance}}")),
		graph("Open files by process", "Files and connections that each has open.", units.Short,
			query(`sum by (job, instance) (process_open_fds)`, "{{job}} {{instance}}")),
	}
}
