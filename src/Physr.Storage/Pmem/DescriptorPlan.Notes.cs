// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <content>What is worth knowing beside the figures.</content>
public sealed partial record DescriptorPlan
{
    private const ulong OtherSubsection = 16UL << 20;
    private const ulong Section = 128UL << 20;

    private static List<string> NotesOn(DescriptorPlanRequest request, DescriptorChoice chosen)
    {
        List<string> notes = [];
        ulong size = request.Size;
        ulong align = request.AlignOrUsual;
        bool isNamespace = request.Memory is PlannedMemory.FsDax or PlannedMemory.DevDax;
        if (chosen.WasteBytes != 0)
        {
            notes.Add($"Waste of {Sizes.Of(chosen.WasteBytes)}, neither data nor descriptors: {chosen.Why.Split("; ")[^1]}.");
        }

        if (isNamespace && align == PageSize.Size1G)
        {
            notes.Add("Data begins at a multiple of 1GiB: a whole GiB goes to an info block of 4KiB; 2MiB lose 2MiB, for more descriptors.");
        }

        if (isNamespace && (size & (PageSize.Size1G - 1)) != 0)
        {
            notes.Add($"By units of 1GiB, {Sizes.Of(size & (PageSize.Size1G - 1))} at the end would be lost besides.");
        }

        if (request.Memory is not (PlannedMemory.PageLess or PlannedMemory.Ram))
        {
            notes.Add("Start and size are multiples of the 2MiB sub-section: a range that begins or ends within one cannot share it.");
            if ((size & (OtherSubsection - 1)) != 0)
            {
                notes.Add($"PowerPC has sub-sections of 16MiB: there {Sizes.Of(Alignment.Down(size, OtherSubsection))} would be what is used.");
            }
        }

        if (request.Memory != PlannedMemory.PageLess && (size & (Section - 1)) != 0)
        {
            notes.Add($"{Sizes.Of(size)} is no multiple of the 128MiB section{(request.Memory == PlannedMemory.Ram ? ", by which RAM is plugged" : "")}: the last section is shared with a neighbour.");
        }

        if (request.HasAltmap)
        {
            notes.Add("Descriptors on the device take no RAM, but are never shared, and each change of one is a write to the device.");
        }

        if (request.Memory is PlannedMemory.Private or PlannedMemory.PciP2P && align != PageSize.Size4K)
        {
            notes.Add($"An alignment of {Sizes.Of(align)} saves nothing here: only devdax shares descriptors.");
        }

        if (request.Memory is PlannedMemory.FsDax && align == PageSize.Size4K)
        {
            notes.Add("Data is placed by 2MiB in any case.");
        }

        if (request.Memory == PlannedMemory.Ram && align != PageSize.Size4K)
        {
            notes.Add("One more page of descriptors is shared by all huge pages of a size and zone.");
        }

        if (chosen.DescriptorBytes != 0 && request.Memory != PlannedMemory.Ram)
        {
            notes.Add($"Page-less, behind a provider, the same memory costs nothing and serves DMA: {Sizes.Of(chosen.DescriptorBytes)} is the price of {(request.Memory == PlannedMemory.Private ? "moving pages of processes there" : "mapping it into processes")}.");
        }

        return notes;
    }
}
