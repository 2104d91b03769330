// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.RegularExpressions;

namespace Physr.Memory;

/// <summary>What the kernel's names in <c>/proc/iomem</c> say about a resource.</summary>
public static partial class WellKnownResource
{
    /// <summary>The name of system RAM.</summary>
    public const string SystemRam = "System RAM";

    /// <summary>Flags and descriptor of a resource of this name.</summary>
    public static (ResourceFlags Flags, ResourceDescriptor Descriptor) Classify(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name switch
        {
            "Reserved" => (ResourceFlags.Memory, ResourceDescriptor.Reserved),
            "Soft Reserved" => (ResourceFlags.Memory, ResourceDescriptor.SoftReserved),
            "Persistent Memory" => (ResourceFlags.Memory, ResourceDescriptor.PersistentMemory),
            "Persistent Memory (legacy)" => (ResourceFlags.Memory, ResourceDescriptor.PersistentMemoryLegacy),
            "ACPI Tables" => (ResourceFlags.Memory, ResourceDescriptor.AcpiTables),
            "ACPI Non-volatile Storage" => (ResourceFlags.Memory, ResourceDescriptor.AcpiNonVolatile),
            "Crash kernel" => (ResourceFlags.Memory | ResourceFlags.Busy, ResourceDescriptor.CrashKernel),
            "Kernel code" or "Kernel rodata" or "Kernel data" or "Kernel bss" => (ResourceFlags.SystemRam | ResourceFlags.Busy, ResourceDescriptor.None),
            _ when name.StartsWith(SystemRam, StringComparison.Ordinal) => (ResourceFlags.SystemRam | ResourceFlags.Busy, ResourceDescriptor.None),
            _ when name.StartsWith("CXL Window", StringComparison.Ordinal) => (ResourceFlags.Memory, ResourceDescriptor.Cxl),
            _ => (ResourceFlags.Memory, ResourceDescriptor.None),
        };
    }

    /// <summary>Whether the name is that of a PCI function, <c>dddd:bb:dd.f</c>: the resource is one of its BARs.</summary>
    public static bool IsPciFunction(string name) => PciFunction().IsMatch(name);

    [GeneratedRegex("^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex PciFunction();
}
