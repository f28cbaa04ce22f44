// The way from libFuzzer to a target: compiled by `Simulators/fuzz/run`, not by the package. The program's name is the
// target's.

import FuzzTargets

@testable import Invariants

private let target: FuzzTarget = {
    let name = CommandLine.arguments[0].split(separator: "/").last.map(String.init) ?? ""
    let target = FuzzTarget(rawValue: name)
    precondition(target != nil, "\(name) is no target")
    return target ?? .core
}()

/// Stops the process with the fault in words; libFuzzer then saves the input.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let fault = target.fault(in: bytes.bytes) { gateway, peers, streams, limits in
        gateway.brokenInvariants(peers: peers, streams: streams, limits: limits)
    }
    precondition(fault == nil, fault ?? "")
    return 0
}
