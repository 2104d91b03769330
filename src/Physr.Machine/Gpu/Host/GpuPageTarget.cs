// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>Where a page really is, as the GPU reaches it.</summary>
/// <param name="Aperture">In which memory.</param>
/// <param name="Value">The offset or bus address.</param>
public readonly record struct GpuPageTarget(GpuAperture Aperture, ulong Value)
{
    /// <summary>A page of the GPU's own memory.</summary>
    public static GpuPageTarget Local(ulong memoryOffset) => new(GpuAperture.Local, memoryOffset);

    /// <summary>A page that the GPU reaches over its bus.</summary>
    public static GpuPageTarget System(DmaAddress address) => new(GpuAperture.System, address.Value);

    /// <summary>The target so many bytes further on.</summary>
    public GpuPageTarget Add(ulong bytes) => this with { Value = checked(Value + bytes) };

    /// <summary>The target as its aperture and <c>0x</c> with hexadecimal digits.</summary>
    public override string ToString() => $"{(Aperture == GpuAperture.Local ? "local" : "system")} 0x{Value:x}";
}
