// What the ends of streams mean to the core.

import GatewayCore
import Transports

extension StreamEnd {
    /// What the core needs to know of a stream's end.
    init(_ reason: StreamCloseReason) {
        switch reason {
        case .endOfStream: self = .closedByBroker
        case .writeQueueOverflow: self = .queueOverflow
        case .insecure(let failure): self = failure.reason.isWantOfCertificate ? .noCertificate : .insecure
        case .noPassage(let failure):
            // A goodbye is no fault.
            if case .closed = failure.reason { self = .closedByBroker } else { self = .noPassage }
        case .failed(let error):
            if error.phase != .connecting {
                self = .failed
            } else if error.isLocal {
                self = .localFailure
            } else {
                self = error.isTimeout ? .timedOut : .refused
            }
        }
    }
}
