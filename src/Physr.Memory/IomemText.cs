// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Memory;

/// <summary>The text of <c>/proc/iomem</c>, both ways: <c>start-end : name</c>, at least eight hexadecimal digits, two spaces per level, the end inclusive.</summary>
public sealed class IomemText
{
    // The kernel stops indenting at this depth and prints deeper resources beside each other.
    private const int DeepestIndent = 5;

    private IomemText(List<IomemEntry> entries, List<string> problems)
    {
        Entries = entries;
        Problems = problems;
        AddressesHidden = entries.Count > 1 && entries.TrueForAll(entry => entry.Range.Start.Value == 0 && entry.Range.Length == 1);
    }

    /// <summary>The lines that read well, in order.</summary>
    public IReadOnlyList<IomemEntry> Entries { get; }

    /// <summary>The lines that did not, each as <c>line N: why</c>.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether every address is zero, which is what the kernel shows to readers without CAP_SYS_ADMIN.</summary>
    public bool AddressesHidden { get; }

    /// <summary>Prints a tree exactly as <c>/proc/iomem</c> would.</summary>
    public static void Write(ResourceTree tree, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(writer);
        foreach ((Resource resource, int depth) in tree.Walk())
        {
            writer.Write(FormatLine(resource.Range, resource.Name, depth));
            writer.Write('\n');
        }
    }

    /// <summary>One line, without its line end.</summary>
    public static string FormatLine(PhysicalRange range, string name, int depth) =>
        $"{new string(' ', 2 * Math.Min(depth, DeepestIndent))}{range.Start.Value:x8}-{range.Last.Value:x8} : {name}";

    /// <summary>Reads the text. Bad lines go to <see cref="Problems"/>; the rest is kept.</summary>
    public static IomemText Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<IomemEntry> entries = [];
        List<string> problems = [];
        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            if (line.Length == 0)
            {
                continue;
            }

            if (TryParseLine(line, number, out IomemEntry entry, out string problem))
            {
                entries.Add(entry);
            }
            else
            {
                problems.Add($"line {number}: {problem}");
            }
        }

        return new(entries, problems);
    }

    /// <summary>Builds the tree the lines describe. A line that fits nowhere (it overlaps another in part) is left out and named in <paramref name="problems"/>.</summary>
    public ResourceTree ToTree(out IReadOnlyList<string> problems)
    {
        ResourceTree tree = new();
        List<string> misfits = [];
        problems = misfits;
        if (AddressesHidden)
        {
            misfits.Add("all addresses are zero: the kernel hides them from readers without CAP_SYS_ADMIN");
            return tree;
        }

        // Ancestors by printed depth; at the deepest indent the printed depth says too little and containment decides.
        List<Resource> open = [tree.Root];
        foreach (IomemEntry entry in Entries)
        {
            int keep = entry.Depth < DeepestIndent ? Math.Min(entry.Depth + 1, open.Count) : open.Count;
            while (keep > 1 && !open[keep - 1].Range.Contains(entry.Range))
            {
                keep--;
            }

            open.RemoveRange(keep, open.Count - keep);
            (ResourceFlags flags, ResourceDescriptor descriptor) = WellKnownResource.Classify(entry.Name);
            Resource? resource;
            Resource? conflict = open[^1];
            Errno errno;
            do
            {
                // After a line that was left out, the depths of those below it mislead: go down into what holds them.
                errno = tree.Request(entry.Name, entry.Range, flags, descriptor, out resource, out conflict, conflict);
            }
            while (errno != Errno.None && conflict!.Range.Contains(entry.Range) && conflict.Parent is not null && conflict.Range != entry.Range);

            if (errno == Errno.None)
            {
                open.Add(resource!);
            }
            else
            {
                misfits.Add($"line {entry.Line}: {entry.Name} {Resource.Bracketed(entry.Range)} overlaps {conflict}");
            }
        }

        return tree;
    }

    private static bool TryParseLine(string line, int number, out IomemEntry entry, out string problem)
    {
        entry = default;
        ReadOnlySpan<char> text = line.AsSpan().TrimStart(' ');
        int indent = line.Length - text.Length;
        int separator = text.IndexOf(" : ", StringComparison.Ordinal);
        int dash = text.IndexOf('-');
        if ((indent & 1) != 0)
        {
            problem = $"indented by {indent} spaces; levels are two spaces each";
            return false;
        }

        if (separator < 0 || dash < 0 || dash > separator)
        {
            problem = "not of the form 'start-end : name'";
            return false;
        }

        if (!ulong.TryParse(text[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong start)
            || !ulong.TryParse(text[(dash + 1)..separator], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong last))
        {
            problem = "start and end must be hexadecimal digits, at most 16";
            return false;
        }

        if (last < start || start == ulong.MaxValue)
        {
            problem = $"ends at {last:x} before it starts at {start:x}";
            return false;
        }

        // The last byte of the 64-bit space belongs to no range.
        ulong length = last == ulong.MaxValue ? last - start : last - start + 1;
        entry = new(indent / 2, new(new(start), length), text[(separator + 3)..].ToString(), number);
        problem = "";
        return true;
    }
}
