// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Nvme;

/// <summary>Whatever the host writes, the controller neither throws nor stays busy, and a reset brings it back.</summary>
public sealed class HostileHostTests
{
    [Fact]
    public void GarbageEntriesNeverThrow_AndEveryOneCompletes()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            SeededRandom random = new(seed);
            using RawController raw = new(RawController.Options(cmb: 1 << 20), seed: seed);
            raw.CreateIoQueue(1);
            raw.Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, 0xC000_0000 | 3);
            using TestBuffer junk = raw.Machine.Take(64 << 10);
            random.Fill(junk.Bytes);
            for (int i = 0; i < 200; i++)
            {
                int queue = (int)random.Below(2);
                CompletionEntry? completion = null;
                SubmissionEntry entry = Garbage(random, junk.Address, queue);
                ushort id = raw.Push(queue, entry);
                raw.Ring(queue);
                raw.Machine.RunToIdle();
                while (raw.Pop(queue) is CompletionEntry next)
                {
                    completion = next;
                }

                bool waits = queue == 0 && entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest;
                bool deleted = queue == 0 && entry.Opcode is (byte)AdminOpcode.DeleteSubmissionQueue or (byte)AdminOpcode.CreateSubmissionQueue;
                Assert.True(completion?.CommandId == id || waits || deleted || raw.Status.IsFatal, $"seed {seed}, step {i}: {entry} was lost");
                Assert.Equal(0, raw.Controller.CommandsInWork);
                if (raw.Status.IsFatal || deleted)
                {
                    break;
                }
            }
        }
    }

    [Fact]
    public void RandomRegisterWritesNeverThrow_AndAResetHeals()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            SeededRandom random = new(seed);
            using RawController raw = new(RawController.Options(cmb: 1 << 20), seed: seed);
            byte[] bytes = new byte[16];
            for (int i = 0; i < 400; i++)
            {
                ulong offset = random.Below(3) switch
                {
                    0 => random.Below(0x80),
                    1 => 0x1000 + (4 * random.Below(32)),
                    _ => random.Below(0x8000) << (int)random.Below(40),
                };
                random.Fill(bytes);
                bytes.AsSpan(1, (int)random.Below(4)).Clear();
                int length = random.Below(4) == 0 ? (int)random.Below(17) : 4;
                raw.Controller.WriteRegister((int)random.Below(6), offset, bytes.AsSpan(0, length));
                raw.Controller.ReadRegister((int)random.Below(6), offset, bytes.AsSpan(0, (int)random.Below(17)));
                for (ulong steps = random.Below(4); steps != 0 && raw.Machine.Step(); steps--)
                {
                }
            }

            raw.Machine.RunToIdle();
            raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, 0);
            raw.Machine.RunToIdle();
            Assert.True(raw.Status.Value == 0, $"seed {seed}: CSTS 0x{raw.Status.Value:x}");
            Assert.Equal(0, raw.Controller.CommandsInWork);
            raw.Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, 0);
            raw.Enable();
            Assert.True(raw.Status.IsReady, $"seed {seed}");
            RawController.Fail(NvmeStatus.InvalidOpcode, raw.Admin((AdminOpcode)0x7F));
        }
    }

    private static SubmissionEntry Garbage(SeededRandom random, ulong memory, int queue)
    {
        Span<byte> bytes = stackalloc byte[SubmissionEntry.Size];
        random.Fill(bytes);
        SubmissionEntry entry = MemoryMarshal.Read<SubmissionEntry>(bytes);
        if (random.Below(4) != 0)
        {
            // Near enough to right to get past the first checks.
            uint[] opcodes = queue == 0 ? [0, 1, 2, 4, 5, 6, 8, 9, 10, 12] : [0, 1, 2, 5, 8, 9, 12];
            entry.Cdw0 = opcodes[random.Below((ulong)opcodes.Length)] | (uint)random.Below(queue == 0 ? 2u : 4u) << 14;
            entry.NamespaceId = (uint)random.Below(5);
            entry.Cdw10 = (uint)random.Below(queue == 0 ? 4u : 9000u) | (random.Below(2) == 0 ? 7u << 16 : 0);
            entry.Cdw11 = (uint)random.Below(3);
            entry.Cdw12 = (uint)random.Below(600);
            entry.Cdw13 = 0;
            entry.Prp1 = Address(random, memory);
            entry.Prp2 = random.Below(2) == 0 ? Address(random, memory) : random.Next() & 0x3F00_0000_0000_0FF0 | random.Below(2) << 61;
        }

        return entry;
    }

    private static ulong Address(SeededRandom random, ulong memory) => random.Below(6) switch
    {
        0 => random.Next(),
        1 => ulong.MaxValue - random.Below(8192),
        2 => 0xC000_0000 + random.Below(1 << 21) - 4096,
        3 => memory + (8 * random.Below(8192)),
        4 => memory + (4096 * random.Below(16)),
        _ => FakeHost.Base + (16UL << 20) - random.Below(8192),
    };
}
