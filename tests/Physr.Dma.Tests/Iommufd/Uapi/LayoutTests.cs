// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Iommufd.Vfio;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>The structures of the byte interface lie in memory as the kernel's do: against numbers written down here, and against the C compiler where the headers are installed.</summary>
public sealed class LayoutTests
{
    /// <summary>Each structure, its size, where each member is, and the member's name in C.</summary>
    private static readonly (Type Type, string Name, int Size, (int Offset, string Name)[] Members)[] s_iommufd =
    [
        (typeof(IommuDestroy), "iommu_destroy", 8, [(0, "size"), (4, "id")]),
        (typeof(IommuIoasAlloc), "iommu_ioas_alloc", 12, [(0, "size"), (4, "flags"), (8, "out_ioas_id")]),
        (typeof(IommuIoasAllowIovas), "iommu_ioas_allow_iovas", 24, [(0, "size"), (4, "ioas_id"), (8, "num_iovas"), (12, "__reserved"), (16, "allowed_iovas")]),
        (typeof(IommuIoasCopy), "iommu_ioas_copy", 40, [(0, "size"), (4, "flags"), (8, "dst_ioas_id"), (12, "src_ioas_id"), (16, "length"), (24, "dst_iova"), (32, "src_iova")]),
        (typeof(IommuIoasIovaRanges), "iommu_ioas_iova_ranges", 32, [(0, "size"), (4, "ioas_id"), (8, "num_iovas"), (12, "__reserved"), (16, "allowed_iovas"), (24, "out_iova_alignment")]),
        (typeof(IommuIovaRange), "iommu_iova_range", 16, [(0, "start"), (8, "last")]),
        (typeof(IommuIoasMap), "iommu_ioas_map", 40, [(0, "size"), (4, "flags"), (8, "ioas_id"), (12, "__reserved"), (16, "user_va"), (24, "length"), (32, "iova")]),
        (typeof(IommuIoasMapFile), "iommu_ioas_map_file", 40, [(0, "size"), (4, "flags"), (8, "ioas_id"), (12, "fd"), (16, "start"), (24, "length"), (32, "iova")]),
        (typeof(IommuIoasUnmap), "iommu_ioas_unmap", 24, [(0, "size"), (4, "ioas_id"), (8, "iova"), (16, "length")]),
        (typeof(IommuIoasChangeProcess), "iommu_ioas_change_process", 8, [(0, "size"), (4, "__reserved")]),
        (typeof(IommuIoasNoIommuGetPa), "iommu_ioas_noiommu_get_pa", 40, [(0, "size"), (4, "flags"), (8, "ioas_id"), (12, "__reserved"), (16, "iova"), (24, "length"), (32, "out_phys")]),
        (typeof(IommuOption), "iommu_option", 24, [(0, "size"), (4, "option_id"), (8, "op"), (10, "__reserved"), (12, "object_id"), (16, "val64")]),
        (typeof(IommuVfioIoas), "iommu_vfio_ioas", 12, [(0, "size"), (4, "ioas_id"), (8, "op"), (10, "__reserved")]),
        (typeof(IommuHwptAlloc), "iommu_hwpt_alloc", 48, [(0, "size"), (4, "flags"), (8, "dev_id"), (12, "pt_id"), (16, "out_hwpt_id"), (20, "__reserved"), (24, "data_type"), (28, "data_len"), (32, "data_uptr"), (40, "fault_id"), (44, "__reserved2")]),
        (typeof(IommuHwptInvalidate), "iommu_hwpt_invalidate", 32, [(0, "size"), (4, "hwpt_id"), (8, "data_uptr"), (16, "data_type"), (20, "entry_len"), (24, "entry_num"), (28, "__reserved")]),
        (typeof(IommuHwptSetDirtyTracking), "iommu_hwpt_set_dirty_tracking", 16, [(0, "size"), (4, "flags"), (8, "hwpt_id"), (12, "__reserved")]),
        (typeof(IommuHwptGetDirtyBitmap), "iommu_hwpt_get_dirty_bitmap", 48, [(0, "size"), (4, "hwpt_id"), (8, "flags"), (12, "__reserved"), (16, "iova"), (24, "length"), (32, "page_size"), (40, "data")]),
        (typeof(IommuHwInfo), "iommu_hw_info", 40, [(0, "size"), (4, "flags"), (8, "dev_id"), (12, "data_len"), (16, "data_uptr"), (24, "out_data_type"), (28, "out_max_pasid_log2"), (29, "__reserved[0]"), (30, "__reserved[1]"), (31, "__reserved[2]"), (32, "out_capabilities")]),
        (typeof(IommuFaultAlloc), "iommu_fault_alloc", 16, [(0, "size"), (4, "flags"), (8, "out_fault_id"), (12, "out_fault_fd")]),
        (typeof(IommuViommuAlloc), "iommu_viommu_alloc", 40, [(0, "size"), (4, "flags"), (8, "type"), (12, "dev_id"), (16, "hwpt_id"), (20, "out_viommu_id"), (24, "data_len"), (28, "__reserved"), (32, "data_uptr")]),
        (typeof(IommuVdeviceAlloc), "iommu_vdevice_alloc", 24, [(0, "size"), (4, "viommu_id"), (8, "dev_id"), (12, "out_vdevice_id"), (16, "virt_id")]),
        (typeof(IommuVeventqAlloc), "iommu_veventq_alloc", 32, [(0, "size"), (4, "flags"), (8, "viommu_id"), (12, "type"), (16, "veventq_depth"), (20, "out_veventq_id"), (24, "out_veventq_fd"), (28, "__reserved")]),
        (typeof(IommuHwQueueAlloc), "iommu_hw_queue_alloc", 40, [(0, "size"), (4, "flags"), (8, "viommu_id"), (12, "type"), (16, "index"), (20, "out_hw_queue_id"), (24, "nesting_parent_iova"), (32, "length")]),
        (typeof(IommuHwptPageFault), "iommu_hwpt_pgfault", 40, [(0, "flags"), (4, "dev_id"), (8, "pasid"), (12, "grpid"), (16, "perm"), (20, "__reserved"), (24, "addr"), (32, "length"), (36, "cookie")]),
        (typeof(IommuHwptPageResponse), "iommu_hwpt_page_response", 8, [(0, "cookie"), (4, "code")]),
        (typeof(IommufdVeventHeader), "iommufd_vevent_header", 8, [(0, "flags"), (4, "sequence")]),
        (typeof(IommuHwptVtdS1), "iommu_hwpt_vtd_s1", 24, [(0, "flags"), (8, "pgtbl_addr"), (16, "addr_width"), (20, "__reserved")]),
        (typeof(IommuHwptVtdS1Invalidate), "iommu_hwpt_vtd_s1_invalidate", 24, [(0, "addr"), (8, "npages"), (16, "flags"), (20, "__reserved")]),
        (typeof(IommuHwInfoVtd), "iommu_hw_info_vtd", 24, [(0, "flags"), (4, "__reserved"), (8, "cap_reg"), (16, "ecap_reg")]),
    ];

    private static readonly (Type Type, string Name, int Size, (int Offset, string Name)[] Members)[] s_vfio =
    [
        (typeof(VfioType1Info), "vfio_iommu_type1_info", 24, [(0, "argsz"), (4, "flags"), (8, "iova_pgsizes"), (16, "cap_offset"), (20, "")]),
        (typeof(VfioCapabilityHeader), "vfio_info_cap_header", 8, [(0, "id"), (2, "version"), (4, "next")]),
        (typeof(VfioIovaRangesCapability), "vfio_iommu_type1_info_cap_iova_range", 16, [(0, "header"), (8, "nr_iovas"), (12, "reserved")]),
        (typeof(VfioIovaRange), "vfio_iova_range", 16, [(0, "start"), (8, "end")]),
        (typeof(VfioDmaAvailableCapability), "vfio_iommu_type1_info_dma_avail", 12, [(0, "header"), (8, "avail")]),
        (typeof(VfioDmaMap), "vfio_iommu_type1_dma_map", 32, [(0, "argsz"), (4, "flags"), (8, "vaddr"), (16, "iova"), (24, "size")]),
        (typeof(VfioDmaUnmap), "vfio_iommu_type1_dma_unmap", 24, [(0, "argsz"), (4, "flags"), (8, "iova"), (16, "size")]),
    ];

    [Fact]
    public void R71_StructuresLieAsTheInterfaceHasThem()
    {
        foreach ((Type type, string name, int size, (int Offset, string Name)[] members) in s_iommufd.Concat(s_vfio))
        {
            Assert.Equal((name, size), (name, Marshal.SizeOf(type)));
            Assert.Equal(members.Select(member => $"{name}+{member.Offset}"), Offsets(type).Select(offset => $"{name}+{offset}"));
        }
    }

    [Fact]
    public void R71_EveryCommandHasItsNumberAndLengths()
    {
        Assert.Equal(Enumerable.Range(0x80, 22), IommufdCommands.All.Select(static command => (int)command.Number));
        Assert.Equal(0x3b80U, IommufdCommands.All[0].Request);
        Assert.All(IommufdCommands.All, static command => Assert.InRange(command.MinimumSize, 8, command.Size));
        Assert.Equal(["IOMMU_HWPT_ALLOC", "IOMMU_GET_HW_INFO", "IOMMU_VIOMMU_ALLOC"], IommufdCommands.All.Where(static command => command.MinimumSize != command.Size).Select(static command => command.Name));
    }

    [SkippableFact]
    public void R71_TheCCompilerSeesTheSameIommufdStructures()
    {
        // Distributions older than Linux 6.2 have no such header; their packages of a later kernel's headers do.
        string? header = Headers("linux/iommufd.h").FirstOrDefault(File.Exists);
        Skip.If(header is null, "no linux/iommufd.h here (linux-libc-dev from 6.2 on has it): the structures are held by the numbers alone");
        CompareWithC(header!, s_iommufd);
    }

    [SkippableFact]
    public void R71_TheCCompilerSeesTheSameVfioStructures()
    {
        const string Header = "/usr/include/linux/vfio.h";
        Need(File.Exists(Header), "linux-libc-dev, which has linux/vfio.h");
        CompareWithC(Header, s_vfio);
    }

    private static IEnumerable<string> Headers(string name)
    {
        const string Sources = "/usr/src";
        string[] kernels = Directory.Exists(Sources) ? Directory.GetDirectories(Sources, "linux-headers-*") : [];
        return kernels.OrderDescending(StringComparer.Ordinal).Select(kernel => Path.Combine(kernel, "include/uapi", name)).Prepend(Path.Combine("/usr/include", name));
    }

    private static void Need(bool isThere, string what)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.True(isThere, $"{what} is not installed");
        }

        Skip.IfNot(isThere, $"{what} is not installed");
    }

    private static void CompareWithC(string path, (Type Type, string Name, int Size, (int Offset, string Name)[] Members)[] structures)
    {
        Need(File.Exists("/usr/bin/cc"), "a C compiler");
        StringBuilder program = new();
        program.AppendLine("#include <stddef.h>").AppendLine("#include <linux/types.h>").AppendLine("#define __user").AppendLine($"#include \"{path}\"");
        string header = File.ReadAllText(path);
        int asserted = 0;
        foreach ((_, string name, int size, (int Offset, string Name)[] members) in structures)
        {
            if (!header.Contains($"struct {name} {{", StringComparison.Ordinal))
            {
                continue;
            }

            program.AppendLine($"_Static_assert(sizeof(struct {name}) == {size}, \"size of {name}\");");
            foreach ((int offset, string member) in members.Where(static member => member.Name.Length != 0))
            {
                program.AppendLine($"_Static_assert(offsetof(struct {name}, {member}) == {offset}, \"{name}.{member}\");");
                asserted++;
            }
        }

        Assert.NotEqual(0, asserted);
        string source = Path.Combine(Path.GetTempPath(), $"physr-layout-{Guid.NewGuid():n}.c");
        File.WriteAllText(source, program.ToString());
        try
        {
            using Process compiler = Process.Start(new ProcessStartInfo("/usr/bin/cc", ["-fsyntax-only", source]) { RedirectStandardError = true, UseShellExecute = false })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.True(compiler.ExitCode == 0, errors);
        }
        finally
        {
            File.Delete(source);
        }
    }

    /// <summary>Where each property's value is found in the bytes of the structure.</summary>
    private static IEnumerable<int> Offsets(Type type)
    {
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(static property => property.MetadataToken))
        {
            object structure = Activator.CreateInstance(type)!;
            property.SetValue(structure, Ones(property.PropertyType));
            byte[] bytes = new byte[Marshal.SizeOf(type)];
            nint memory = Marshal.AllocHGlobal(bytes.Length);
            Marshal.StructureToPtr(structure, memory, fDeleteOld: false);
            Marshal.Copy(memory, bytes, 0, bytes.Length);
            Marshal.FreeHGlobal(memory);
            int offset = bytes.AsSpan().IndexOf((byte)1);
            yield return offset;
        }
    }

    private static object Ones(Type type) => type == typeof(VfioCapabilityHeader) ? new VfioCapabilityHeader { Id = 1 } : Convert.ChangeType(1, type);
}
