import CAllocator
import GatewayCore
import Transports

/// Something that clients, strangers or the broker can pile up in the core, filled until it takes no more, to be held
/// against what the configuration allows.
struct Hoard {
    /// What is piled up.
    var name: String
    var deviceCount = 10
    /// The configuration, with the limit in question so low that it is reached soon.
    var configure: (inout GatewayConfiguration) -> Void
    /// The octets that the configuration allows for it, as the limits' documentation tells.
    var allowed: (Limits) -> Int
    /// Brings more than that.
    var fill: (inout Workbench) -> Void

    /// Beyond a quarter more than allowed.
    static let slackByteCount = 10_000_000
}

/// What a hoard came to.
struct HoardSize {
    var allowedByteCount: Int
    /// What the core has taken of the allocator, as that has rounded it: at the end, and at most.
    var heldByteCount: Int
    var peakByteCount: Int
    /// What the process occupies more than before; nil where the system does not tell.
    var residentByteCount: Int?
    /// Observations that something was refused, dropped or cut: what reaches a limit is told.
    var complaintCount: Int

    var isKept: Bool {
        let most = allowedByteCount + allowedByteCount / 4 + Hoard.slackByteCount
        return heldByteCount <= most && residentByteCount.map { $0 <= most } ?? false
    }
}

extension Hoard {
    func measure() -> HoardSize {
        var bench = Workbench(deviceCount: deviceCount, configure)
        // What others have left behind goes back to the system, so that this one takes its own.
        _ = malloc_trim(0)
        let resident = ProcessLimits.residentMemoryByteCount()
        let held = AllocationLedger.liveByteCount
        AllocationLedger.beginPeak()
        var limits = GatewayConfiguration()
        configure(&limits)
        fill(&bench)
        let heldByteCount = AllocationLedger.liveByteCount - held
        let residentNow = ProcessLimits.residentMemoryByteCount()
        return HoardSize(
            allowedByteCount: allowed(limits.limits), heldByteCount: heldByteCount,
            peakByteCount: AllocationLedger.peakByteCount - held,
            residentByteCount: resident.flatMap { before in residentNow.map { Int($0) - Int(before) } },
            complaintCount: bench.complaintCount)
    }
}
