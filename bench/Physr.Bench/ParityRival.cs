// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.Intrinsics;

namespace Physr.Bench;

/// <summary>P and Q in C, on vectors as wide as ours.</summary>
// SAFETY: the function has the signature of native/parity_baseline.c; callers give buffers of as many bytes as they say.
internal sealed unsafe class ParityRival : IDisposable
{
    private readonly NativeBaseline _library;
    private readonly delegate* unmanaged<byte*, byte*, byte*, ulong, void> _generate;

    private ParityRival(NativeBaseline library, string flag)
    {
        _library = library;
        Flag = flag;
        _generate = (delegate* unmanaged<byte*, byte*, byte*, ulong, void>)library.Export("parity_generate_4");
    }

    /// <summary>How it was compiled.</summary>
    public string Flag { get; }

    public static ParityRival? TryMake(out string why)
    {
        string[] flags = Vector512.IsHardwareAccelerated ? ["-O3", "-mavx512f", "-mavx512bw"] : Vector256.IsHardwareAccelerated ? ["-O3", "-mavx2"] : ["-O3"];
        NativeBaseline? library = NativeBaseline.TryCompile("parity_baseline", asProgram: false, out why, flags);
        return library is null ? null : new(library, string.Join(' ', flags));
    }

    /// <summary>P and Q of four runs of bytes that follow each other.</summary>
    public void Generate(byte* data, byte* p, byte* q, int each) => _generate(data, p, q, (ulong)each);

    public void Dispose() => _library.Dispose();
}
