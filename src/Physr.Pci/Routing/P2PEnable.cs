// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>The text that switches peer-to-peer memory on for a consumer, as configfs and sysfs take it (row R57a): <c>0</c>, <c>1</c>, a word for
/// yes or no, or the provider's address.</summary>
/// <param name="IsEnabled">Whether peer-to-peer memory may be used.</param>
/// <param name="Provider">The provider to use; null leaves the choice to the nearest.</param>
public sealed record P2PEnable(bool IsEnabled, PciFunction? Provider)
{
    /// <summary>Reads the text.</summary>
    /// <param name="text">One value; one line feed at its end is ignored.</param>
    /// <param name="topology">Where a provider is looked up; the address must be written in full.</param>
    /// <param name="publishes">Whether a function has peer-to-peer memory.</param>
    /// <param name="value">The setting.</param>
    /// <returns><see cref="Errno.ENODEV"/> for a function without such memory, one that does not exist, and for garbage.</returns>
    /// <remarks><c>0</c> and <c>1</c> count only alone: else the address of a function that is not there, <c>0000:01:00.1</c>, would be read as 0.</remarks>
    public static Errno Parse(ReadOnlySpan<char> text, PciTopology topology, Func<PciFunction, bool> publishes, out P2PEnable? value)
    {
        value = null;
        ReadOnlySpan<char> line = text.EndsWith("\n") ? text[..^1] : text;
        if (PciAddress.TryParse(line, out PciAddress address) && line.SequenceEqual(address.ToString()) && topology.TryFind(address, out PciFunction? provider))
        {
            value = publishes(provider) ? new(true, provider) : null;
            return value is null ? Errno.ENODEV : Errno.None;
        }

        bool? word = (line.Length > 0 ? char.ToLowerInvariant(line[0]) : '\0', line.Length > 1 ? char.ToLowerInvariant(line[1]) : '\0') switch
        {
            ('0', < ' ') => false,
            ('1', < ' ') => true,
            ('0' or '1', _) => null,
            ('y' or 't', _) or ('o', 'n') => true,
            ('n' or 'f', _) or ('o', 'f') => false,
            _ => null,
        };
        value = word is { } enabled ? new(enabled, null) : null;
        return value is null ? Errno.ENODEV : Errno.None;
    }

    /// <summary>The setting as it is read back: <c>0</c>, <c>1</c> or the address, and a line feed.</summary>
    public override string ToString() => !IsEnabled ? "0\n" : Provider is null ? "1\n" : $"{Provider}\n";
}
