import CLinux
import Glibc

/// What the system lets this process use, and what it uses.
package enum ProcessLimits {
    /// Raises the number of descriptors the process may open as far as it may itself, and returns the limits then.
    @discardableResult
    package static func raiseFileDescriptorLimit() -> (soft: UInt64, hard: UInt64) {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        if limits.rlim_cur < limits.rlim_max {
            var raised = limits
            raised.rlim_cur = limits.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limits = raised }
        }
        return (UInt64(limits.rlim_cur), UInt64(limits.rlim_max))
    }

    /// How many descriptors the process may open.
    package static func fileDescriptorLimit() -> UInt64 {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        return UInt64(limits.rlim_cur)
    }

    /// The processor time that the process has used, in seconds.
    package static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// How many descriptors are open (proc(5), fd); nil when the system does not tell.
    package static func openFileCount() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Less the directory itself, and what leads to it and above.
        return max(0, count - 3)
    }

    /// The memory that the process occupies, in octets (proc(5), statm); nil when the system does not tell.
    package static func residentMemoryByteCount() -> UInt64? {
        guard let text = try? FileReader.read(path: "/proc/self/statm", maximumByteCount: 4_096) else { return nil }
        let fields = text.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = UInt64(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages &* UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
