// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Machine.Simulation;

namespace Physr.Machine.Storage;

/// <summary>Files that tell by their names what they hold: whoever finds one can say whether it is whole.</summary>
internal static class Generation
{
    public const string DraftSuffix = ".draft";

    private const string Prefix = "data.";

    public static string Name(ulong number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>Which generation a name is of, drafts too; null for another name.</summary>
    public static ulong? Of(string name)
    {
        string number = name.EndsWith(DraftSuffix, StringComparison.Ordinal) ? name[..^DraftSuffix.Length] : name;
        return number.StartsWith(Prefix, StringComparison.Ordinal) && ulong.TryParse(number.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed) ? parsed : null;
    }

    public static byte[] Content(ulong seed, ulong number, ulong bytes)
    {
        byte[] content = new byte[bytes];
        SeededRandom.For(seed, Name(number)).Fill(content);
        return content;
    }
}
