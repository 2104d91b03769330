// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Where operations go.</summary>
internal sealed partial class OpGenerator
{
    private int Process()
    {
        int process;
        do
        {
            process = Below(Arena.Processes);
        }
        while (!_live[process]);

        return process;
    }

    private int Anywhere() => Chance(65) ? _focus + Below(24) : Below(Arena.Pages);

    private int MappedPage(int process)
    {
        Mapped[] mapped = _mapped[process];
        for (int tries = 0; tries < 6; tries++)
        {
            int page = Anywhere();
            if (mapped[page] != Mapped.Hole)
            {
                return page;
            }
        }

        // The next that is mapped; sometimes none.
        int from = Below(Arena.Pages);
        int steps = Array.FindIndex([.. mapped[from..], .. mapped[..from]], static kind => kind != Mapped.Hole);
        return steps < 0 || Chance(10) ? from : (from + steps) % Arena.Pages;
    }

    private int Count() => Below(100) switch
    {
        < 45 => 1 + Below(3),
        < 78 => 1 + Below(8),
        < 96 => 1 + Below(20),
        _ => 1 + Below(Arena.Pages),
    };

    private (int First, int Count) Range(int process)
    {
        int first = Chance(75) ? MappedPage(process) : Anywhere();
        if (Chance(30))
        {
            // From the start of what is mapped alike: whole VMAs are more than a random range would be.
            Mapped kind = _mapped[process][first];
            int end = first + 1;
            for (; first > 0 && _mapped[process][first - 1] == kind; first--)
            {
            }

            for (; end < Arena.Pages && _mapped[process][end] == kind; end++)
            {
            }

            if (Chance(50) && end - first < 40)
            {
                return (first, end - first);
            }
        }

        int count = Math.Min(Count(), Arena.Pages - first);
        if (Chance(60))
        {
            // Not over holes.
            int mapped = _mapped[process].AsSpan(first, count).IndexOf(Mapped.Hole);
            count = mapped > 0 ? mapped : count;
        }

        return (first, count);
    }

    /// <summary>A range that ends where a mapping starts, or starts where one ends.</summary>
    private (int First, int Count) BesideMapped(int process)
    {
        Mapped[] mapped = _mapped[process];
        int page = MappedPage(process);
        bool isAfter = Chance(50);
        for (; page is > 0 and < Arena.Pages - 1 && mapped[page] != Mapped.Hole; page += isAfter ? 1 : -1)
        {
        }

        int count = Math.Min(Count(), isAfter ? Arena.Pages - page : page + 1);
        return isAfter ? (page, count) : (page + 1 - count, count);
    }
}
