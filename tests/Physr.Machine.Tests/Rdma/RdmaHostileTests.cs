// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Devices;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Rdma;

public sealed class RdmaHostileTests
{
    private const RdmaAccess All = RdmaAccess.LocalWrite | RdmaAccess.RemoteRead | RdmaAccess.RemoteWrite;

    [Fact]
    public void GarbageWorkRequests_NeverThrowAndNeverTouchPayloadOutsideTheirRegions()
    {
        int successes = 0;
        for (ulong seed = 1; seed <= 120; seed++)
        {
            SeededRandom random = new(seed);
            using RdmaFixture fixture = new(seed);
            RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(8192, 65536));
            RdmaMemoryRegion remote = fixture.Expose(4096, 65536, All);
            fixture.Host.AllowedPayload = [FakeHost.Range(8192, 65536)];
            byte[] peer = fixture.PeerMemory();
            for (int i = 0; i < 8; i++)
            {
                // Half-right requests reach further than noise does.
                RdmaWorkRequest work = new()
                {
                    Opcode = random.Below(4) == 0 ? (RdmaOpcode)random.Below(256) : (RdmaOpcode)(1 + random.Below(4)),
                    Flags = (byte)(random.Next() | 1),
                    Length = (uint)(random.Below(5) == 0 ? random.Next() : random.Below(4096)),
                    LocalKey = random.Below(8) == 0 ? (uint)random.Next() : local.Key,
                    RemoteKey = random.Below(8) == 0 ? (uint)random.Next() : remote.Key,
                    LocalAddress = random.Below(8) == 0 ? random.Next() : local.FirstAddress + random.Below(70_000),
                    RemoteAddress = random.Below(8) == 0 ? random.Next() : remote.FirstAddress + random.Below(70_000),
                };
                bool receive = random.Below(4) == 0;
                Assert.Equal(Errno.None, fixture.QueuePair.TryPost(receive, (ulong)i, work));
                if (receive)
                {
                    fixture.Peer.Connection.TrySend("x"u8);
                }

                // Sometimes one at a time, so that the good ones finish; sometimes all together.
                if (seed % 2 == 0)
                {
                    fixture.Scheduler.RunToIdle(1_000_000);
                }
            }

            fixture.Scheduler.RunToIdle(1_000_000);
            while (fixture.Completions.TryPoll(out RdmaWorkCompletion completion))
            {
                successes += completion.IsSuccess ? 1 : 0;
            }

            Assert.True(fixture.Host.Trespass is null, $"seed {seed}: {fixture.Host.Trespass}");
            byte[] after = fixture.PeerMemory();
            after.AsSpan(4096, 65536).CopyTo(peer.AsSpan(4096));
            Assert.True(after.AsSpan().SequenceEqual(peer), $"seed {seed}: bytes outside the remote region");
            fixture.Host.AllowedPayload = null;
            fixture.AssertNoLeaks();
        }

        Assert.InRange(successes, 10, 8 * 120);
    }

    [Fact]
    public void GarbageCommandsAndRegisters_NeverThrowAndMoveNoPayload()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            SeededRandom random = new(seed);
            using RdmaFixture fixture = new(seed, open: false);
            FakeHost host = fixture.Host;
            host.AllowedPayload = [];
            using IDeviceBuffer rings = host.Allocate(64 * 64 + 32 * 64, "rings");
            random.Fill(rings.Bytes);
            host.WriteRegister64(0, RdmaRegisters.CommandRing, random.Below(8) == 0 ? random.Next() : rings.Address.Value);
            host.WriteRegister64(0, RdmaRegisters.ResponseRing, random.Below(8) == 0 ? random.Next() : rings.Address.Add(4096).Value);
            host.WriteRegister32(0, RdmaRegisters.CommandRingLog2, random.Below(8) == 0 ? (uint)random.Next() : 6);
            host.WriteRegister32(0, RdmaRegisters.Control, 1);
            for (int i = 0; i < 64; i++)
            {
                new RdmaCommand
                {
                    Opcode = (RdmaCommandOpcode)random.Below(13),
                    Target = random.Below(2) == 0 ? (uint)random.Below(4) : (uint)random.Next(),
                    A = random.Below(4) == 0 ? random.Next() : rings.Address.Value,
                    B = random.Below(4) == 0 ? random.Next() : random.Below(2) == 0 ? rings.Address.Value : 1 + random.Below(9000),
                    C = random.Below(4) == 0 ? random.Next() : rings.Address.Value,
                    D = (uint)random.Below(3),
                    E = (uint)random.Below(4),
                    F = random.Below(2) == 0 ? 12 : (uint)random.Below(2),
                    G = (uint)random.Below(4),
                }.Write(rings.Bytes[(i * 64)..]);
            }

            byte[] noise = new byte[8];
            for (uint i = 1; i <= 60; i++)
            {
                host.WriteRegister32(0, RdmaRegisters.CommandDoorbell, random.Below(40) == 0 ? (uint)random.Next() : i);
                host.WriteRegister32(0, RdmaRegisters.QueuePairDoorbells + (random.Below(256) * 4), (uint)random.Below(9));
                random.Fill(noise);
                int width = 1 << (int)random.Below(4);
                host.WriteRegister(0, RdmaRegisters.QueuePairDoorbells + random.Below(0x10000), noise.AsSpan(0, width));
                host.ReadRegister64(0, random.Next());
                fixture.Scheduler.RunToIdle(1_000_000);
            }

            Assert.True(host.Trespass is null, $"seed {seed}: {host.Trespass}");
            host.WriteRegister32(0, RdmaRegisters.Control, 0);
            Assert.Equal(0, fixture.Nic.LiveRegions);
            Assert.Equal(0, fixture.Nic.LiveQueuePairs);
        }
    }

    [Fact]
    public void ADoorbellBeyondTheRing_StopsTheQueuePair()
    {
        using RdmaFixture fixture = new(21);
        ulong doorbell = RdmaRegisters.QueuePairDoorbells + ((fixture.QueuePair.Number & 0xFF) * 8);
        fixture.Host.WriteRegister32(0, doorbell, 33);
        Assert.Equal(Errno.None, fixture.QueuePair.TryQuery(out RdmaQueuePairState state));
        Assert.Equal(RdmaQueuePairState.Error, state);
    }

    [Fact]
    public void RegionsAndQueuePairsOfDifferentDomainsDoNotMeet_AndObjectsInUseStay()
    {
        using RdmaFixture fixture = new(22, open: false);
        FakeHost host = fixture.Host;
        using IDeviceBuffer rings = host.Allocate(16384, "rings");
        host.WriteRegister64(0, RdmaRegisters.CommandRing, rings.Address.Value);
        host.WriteRegister64(0, RdmaRegisters.ResponseRing, rings.Address.Add(1024).Value);
        host.WriteRegister32(0, RdmaRegisters.CommandRingLog2, 4);
        host.WriteRegister32(0, RdmaRegisters.Control, 1);
        uint commands = 0;
        RdmaResponse first = Run(new() { Opcode = RdmaCommandOpcode.AllocateDomain });
        RdmaResponse second = Run(new() { Opcode = RdmaCommandOpcode.AllocateDomain });
        Assert.NotEqual(first.Value, second.Value);
        Assert.Equal(Errno.None, Run(new() { Opcode = RdmaCommandOpcode.CreateCompletionQueue, A = rings.Address.Add(2048).Value, D = 4 }).Errno);
        RdmaResponse queuePair = Run(new()
        {
            Opcode = RdmaCommandOpcode.CreateQueuePair, A = rings.Address.Add(4096).Value, B = rings.Address.Add(8192).Value, D = (uint)first.Value, G = 0x0202,
        });
        BinaryPrimitives.WriteUInt64LittleEndian(rings.Bytes[12288..], FakeHost.Base);
        RdmaCommand register = new()
        {
            Opcode = RdmaCommandOpcode.RegisterMemory, B = 4096, C = rings.Address.Add(12288).Value, D = (uint)second.Value, E = 7, F = 12, G = 1,
        };
        Assert.Equal(Errno.EINVAL, Run(register with { G = 2 }).Errno);
        Assert.Equal(Errno.EINVAL, Run(register with { E = (uint)RdmaAccess.RemoteWrite }).Errno);
        Assert.Equal(Errno.ENOENT, Run(register with { D = 9 }).Errno);
        RdmaResponse region = Run(register);
        Assert.Equal(Errno.EBUSY, Run(new() { Opcode = RdmaCommandOpcode.FreeDomain, Target = (uint)first.Value }).Errno);
        Assert.Equal(Errno.EBUSY, Run(new() { Opcode = RdmaCommandOpcode.FreeDomain, Target = (uint)second.Value }).Errno);
        Assert.Equal(Errno.EBUSY, Run(new() { Opcode = RdmaCommandOpcode.DestroyCompletionQueue, Target = 0 }).Errno);
        Assert.Equal(Errno.None, Run(new() { Opcode = RdmaCommandOpcode.ConnectQueuePair, Target = (uint)queuePair.Value, D = fixture.Peer.Connection.QueuePair.Number }).Errno);
        new RdmaWorkRequest { Opcode = RdmaOpcode.RdmaWrite, Flags = 1, Length = 8, LocalKey = (uint)region.Value }.Write(rings.Bytes[4096..]);
        host.AllowedPayload = [];
        host.WriteRegister32(0, RdmaRegisters.QueuePairDoorbells + ((queuePair.Value & 0xFF) * 8), 1);
        fixture.Scheduler.RunToIdle(10_000);
        RdmaCompletion completion = RdmaCompletion.Read(rings.Bytes[2048..]);
        Assert.Equal(1U, completion.Phase);
        Assert.Equal(RdmaCompletionStatus.LocalProtectionError, completion.Status);
        Assert.Null(host.Trespass);
        Assert.Equal(Errno.None, Run(new() { Opcode = RdmaCommandOpcode.DestroyQueuePair, Target = (uint)queuePair.Value }).Errno);
        Assert.Equal(Errno.ENOENT, Run(new() { Opcode = RdmaCommandOpcode.DestroyQueuePair, Target = (uint)queuePair.Value }).Errno);
        Assert.Equal(Errno.None, Run(new() { Opcode = RdmaCommandOpcode.DeregisterMemory, Target = (uint)region.Value }).Errno);
        Assert.Equal(Errno.None, Run(new() { Opcode = RdmaCommandOpcode.FreeDomain, Target = (uint)second.Value }).Errno);

        RdmaResponse Run(RdmaCommand command)
        {
            uint count = commands++;
            command.Write(rings.Bytes[(int)(count % 16 * 64)..]);
            host.WriteRegister32(0, RdmaRegisters.CommandDoorbell, commands);
            fixture.Scheduler.RunToIdle(10_000);
            RdmaResponse response = RdmaResponse.Read(rings.Bytes[(int)(1024 + (count % 16 * 32))..]);
            Assert.Equal(count, response.CommandCount);
            Assert.Equal(RdmaCompletion.PhaseOf(count, 4), response.Phase);
            return response;
        }
    }

    [Fact]
    public void AnArmedQueueInterruptsOnce()
    {
        using RdmaFixture fixture = new(23);
        RdmaMemoryRegion local = fixture.Register(All, FakeHost.Range(0, 4096));
        RdmaMemoryRegion remote = fixture.Expose(0, 4096, All);
        fixture.Completions.Arm();
        fixture.QueuePair.TryPostWrite(local, 0, 1, remote, 0, 1);
        fixture.QueuePair.TryPostWrite(local, 0, 1, remote, 0, 2);
        fixture.Scheduler.RunToIdle(10_000);
        Assert.Equal(1, fixture.Host.Interrupts[0]);
    }
}
