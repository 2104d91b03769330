// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Physr.Mm.Tests.Differential;

/// <summary>The live kernel's side: compiles <c>agent.c</c>, runs it on one CPU, sends sequences and reads what happened.</summary>
internal sealed class KernelAgent : IDisposable
{
    private const uint HelloMagic = 0x4d6d4150;
    private const int HelloSize = 96;
    private const int HelloSizes = (40 << 24) | (16 << 16) | (4 << 8) | 112;
    private const int FeatureFrames = 1;
    private const int FeaturePopulate = 16;

    private static readonly Lazy<(string? Path, string? Failure)> s_program = new(Compile);

    private readonly Process _process;
    private readonly Stream _from;
    private readonly Stream _to;

    private KernelAgent(Process process, Stream from, Stream to, MachinePolicy policy) => (_process, _from, _to, Policy) = (process, from, to, policy);

    public MachinePolicy Policy { get; }

    /// <summary>Starts an agent, on the given CPU or the last that this process may use; null, with a reason, where it cannot be.</summary>
    public static KernelAgent? TryStart(out string reason, int? cpu = null, bool keepFaultAround = false)
    {
        reason = string.Empty;
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            reason = "frames in /proc/PID/pagemap are shown to root on Linux only";
            return null;
        }

        (string? path, string? failure) = s_program.Value;
        if (path is null)
        {
            reason = failure!;
            return null;
        }

        ProcessStartInfo start = new(path, [(cpu ?? LastCpu()).ToString(), keepFaultAround ? "fault-around=keep" : "fault-around=off"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["GLIBC_TUNABLES"] = "glibc.pthread.rseq=0"; // restartable sequences cost at each switch of processes
        Process process = Process.Start(start)!;
        Stream from = process.StandardOutput.BaseStream;
        byte[] hello = new byte[HelloSize];
        int got = from.ReadAtLeast(hello, HelloSize, throwOnEndOfStream: false);
        int features = BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(12));
        if (got != HelloSize || BinaryPrimitives.ReadUInt32LittleEndian(hello) != HelloMagic || BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(20)) != HelloSizes)
        {
            reason = "the agent does not start, or lays its structures out otherwise";
        }
        else if ((features & FeatureFrames) == 0)
        {
            reason = "/proc/PID/pagemap shows no frames";
        }
        else if ((features & FeaturePopulate) == 0)
        {
            reason = "the kernel is older than 5.14 (no MADV_POPULATE_READ)";
        }
        else
        {
            string release = Encoding.ASCII.GetString(hello.AsSpan(24)).TrimEnd('\0');
            MachinePolicy policy = new(release, BinaryPrimitives.ReadInt32LittleEndian(hello.AsSpan(8)), (features & 8) != 0, (features & 2) != 0, (features & 4) != 0, (features & 32) != 0, (features & 64) != 0);
            return new(process, from, process.StandardInput.BaseStream, policy);
        }

        process.Kill();
        process.Dispose();
        return null;
    }

    /// <summary>Runs sequences in the kernel, in order.</summary>
    public Transcript[] Run(IReadOnlyList<MmSequence> sequences)
    {
        // The agent answers while it still is asked: whoever writes must not be who reads.
        Task sending = Task.Run(() => Send(sequences));
        try
        {
            Transcript[] transcripts = [.. sequences.Select(Receive)];
            sending.GetAwaiter().GetResult();
            return transcripts;
        }
        catch
        {
            // What it has still to say nobody will read; it would wait for that for ever.
            _process.Kill();
            throw;
        }
    }

    public Transcript Run(MmSequence sequence) => Run([sequence])[0];

    public void Dispose()
    {
        // The end of its input ends the agent, which then puts back what it changed.
        _to.Dispose();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            _process.Kill();
        }

        _from.Dispose();
        _process.Dispose();
    }

    private Transcript Receive(MmSequence sequence)
    {
        Span<byte> head = stackalloc byte[16];
        if (_from.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) != head.Length)
        {
            throw new InvalidOperationException($"The agent ended.\n{sequence}");
        }

        byte[] bytes = new byte[BinaryPrimitives.ReadUInt32LittleEndian(head[12..])];
        _from.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) == 0 ? new(sequence, bytes) : throw new InvalidOperationException($"The agent: {Encoding.ASCII.GetString(bytes).TrimEnd('\0')}\n{sequence}");
    }

    private void Send(IReadOnlyList<MmSequence> sequences)
    {
        using MemoryStream batch = new();
        Span<byte> bytes = stackalloc byte[MmOp.EncodedSize];
        for (int i = 0; i < sequences.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, i);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], sequences[i].Ops.Count | ((int)sequences[i].Mode << 16));
            batch.Write(bytes[..8]);
            foreach (MmOp op in sequences[i].Ops)
            {
                op.Encode(bytes);
                batch.Write(bytes);
            }
        }

        _to.Write(batch.GetBuffer().AsSpan(0, (int)batch.Length));
        _to.Flush();
    }

    private static (string? Path, string? Failure) Compile()
    {
        const string Compiler = "/usr/bin/cc";
        if (!File.Exists(Compiler))
        {
            return (null, "a C compiler (/usr/bin/cc) is not installed");
        }

        string source = Path.Combine(AppContext.BaseDirectory, "Differential", "agent.c");
        string folder = Directory.CreateTempSubdirectory("physr-agent-").FullName;
        string program = Path.Combine(folder, "agent");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string errors = string.Empty;

        // A static program that may lie anywhere lies above the arena, whose VMAs then come first in /proc/PID/smaps.
        foreach (string[] linking in (string[][])[["-static-pie"], ["-static"], []])
        {
            using Process compiler = Process.Start(new ProcessStartInfo(Compiler, ["-O2", "-std=gnu11", .. linking, "-o", program, source]) { RedirectStandardError = true, UseShellExecute = false })!;
            errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            if (compiler.ExitCode == 0)
            {
                return (program, null);
            }
        }

        return (null, $"agent.c does not compile: {errors}");
    }

    private static int LastCpu()
    {
        const string Key = "Cpus_allowed_list:";
        string list = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Key, StringComparison.Ordinal))[Key.Length..];
        return int.Parse(list.Split(',', '-')[^1].Trim());
    }
}
