import CLinux
import Glibc
import SimulatorSupport
import Testing
import Transports

/// TCP at the limits of a process, each in a process of its own.
@Suite struct TCPLoadTests {
    @Test func fiveThousandStreamsTakeLittleMemory() async {
        await #expect(processExitsWith: .success) { try openManyStreams(count: 5_000) }
    }

    @Test func aListenerWithoutDescriptorsLeftGoesOnLater() async {
        await #expect(processExitsWith: .success) { try acceptAfterRunningOutOfDescriptors() }
    }
}

/// Opens `count` streams to this process itself, sends on all and fails when they take more than 4 KiB each.
private func openManyStreams(count: Int) throws {
    try #require(ProcessLimits.raiseFileDescriptorLimit().soft > UInt64(2 * count + 50))
    let loop = try EventLoop()
    let server = try AcceptingServer(loop: loop, backlog: 1_024)
    let owner = StreamRecorder()
    let before = try #require(ProcessLimits.residentMemoryByteCount())
    var clients: [TCPStream] = []
    for _ in 0..<count {
        clients.append(TCPStream(connectingTo: server.listener.localAddress, loop: loop, delegate: owner))
        try loop.turn(deadline: 0)
    }
    let areOpen = try loop.turn { server.streams.count == count && owner.openedCount == count }
    #expect(areOpen)
    let bytes = octets("0123456789")
    let span = bytes.span
    for client in clients {
        client.queueWrite(span.bytes)
        client.flush()
    }
    let haveArrived = try loop.turn { server.streamDelegate.received.count == 10 * count }
    #expect(haveArrived)
    let after = try #require(ProcessLimits.residentMemoryByteCount())
    #expect(after < before + UInt64(2 * count * 4_096))
}

/// Lets a listener meet EMFILE, then gives it a descriptor.
private func acceptAfterRunningOutOfDescriptors() throws {
    let loop = try EventLoop()
    let server = try AcceptingServer(loop: loop)
    let client = TCPStream(connectingTo: server.listener.localAddress, loop: loop, delegate: nil)
    var descriptors: [Int32] = []
    while true {
        let descriptor = open("/dev/null", O_RDONLY)
        guard descriptor >= 0 else { break }
        descriptors.append(descriptor)
    }
    let isWaiting = try loop.turn { client.isOpen && loop.nextTimerDeadline != nil }
    #expect(isWaiting, "the loop rests on a timer instead of turning over the same connection")
    #expect(server.streams.isEmpty)
    close(try #require(descriptors.last))
    let isAccepted = try loop.turn { server.streams.count == 1 }
    #expect(isAccepted)
}
