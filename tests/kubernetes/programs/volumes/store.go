// The volumes of one node on its disk: FOLDER/NAME.xfs each. The only place that touches files, mounts and devices.
package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A name becomes a file's name, and comes from the network.
var nameAllowed = regexp.MustCompile(`^[a-z0-9][-a-z0-9]{0,127}$`)

type volumeStore struct {
	folder string
	// Calls may overlap, and a second mkfs or mount of the same volume must not.
	turn sync.Mutex
}

func (s *volumeStore) image(name string) (string, error) {
	if !nameAllowed.MatchString(name) {
		return "", status.Errorf(codes.InvalidArgument, "%q cannot be the name of a volume", name)
	}
	return filepath.Join(s.folder, name+".xfs"), nil
}

// Returns the size that the volume has: it may have been made, and grown, before.
func (s *volumeStore) create(name string, sizeBytes int64) (int64, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	image, err := s.image(name)
	if err != nil {
		return 0, err
	}
	if found, err := os.Stat(image); err == nil {
		return found.Size(), nil
	}
	staged := image + ".staged"
	if err := makeSparse(staged, sizeBytes); err != nil {
		return 0, failure("make "+staged, err)
	}
	if err := run("mkfs.xfs", "-q", "-f", "-K", staged); err != nil {
		return 0, err
	}
	if err := os.Rename(staged, image); err != nil {
		return 0, failure("make "+image, err)
	}
	return sizeBytes, nil
}

func (s *volumeStore) remove(name string) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	image, err := s.image(name)
	if err != nil {
		return err
	}
	if err := os.Remove(image); err != nil && !os.IsNotExist(err) {
		return failure("remove "+image, err)
	}
	return nil
}

func (s *volumeStore) mount(name, target string) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	image, err := s.image(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(image); err != nil {
		return status.Errorf(codes.NotFound, "this node has no volume %s", name)
	}
	if isMounted(target) {
		return nil
	}
	if err := os.MkdirAll(target, 0o750); err != nil {
		return failure("make "+target, err)
	}
	return run("mount", "-t", "xfs", "-o", "loop,noatime", image, target)
}

// Grows the file, then the loop device on it, then the file system, none of which needs the volume to be idle.
// Each step is without effect where it was done before. Returns the size that the volume has then.
func (s *volumeStore) grow(name, mounted string, wantedBytes int64) (int64, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	image, err := s.image(name)
	if err != nil {
		return 0, err
	}
	found, err := os.Stat(image)
	if err != nil {
		return 0, status.Errorf(codes.NotFound, "this node has no volume %s", name)
	}
	sizeBytes := max(found.Size(), wantedBytes)
	if err := os.Truncate(image, sizeBytes); err != nil {
		return 0, failure("grow "+image, err)
	}
	answer, err := exec.Command("losetup", "--noheadings", "--output", "NAME", "--associated", image).Output()
	if err != nil {
		return 0, failure("find the loop device of "+image, err)
	}
	devices := strings.Fields(string(answer))
	if len(devices) == 0 {
		return 0, status.Errorf(codes.FailedPrecondition, "volume %s is not mounted, so it cannot grow now", name)
	}
	for _, device := range devices {
		if err := run("losetup", "--set-capacity", device); err != nil {
			return 0, err
		}
	}
	if err := run("xfs_growfs", "-d", mounted); err != nil {
		return 0, err
	}
	return sizeBytes, nil
}

func makeSparse(path string, sizeBytes int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(sizeBytes), file.Close())
}

func bind(source, target string, readOnly bool) error {
	if isMounted(target) {
		return nil
	}
	if err := os.MkdirAll(target, 0o750); err != nil {
		return failure("make "+target, err)
	}
	if err := run("mount", "--bind", source, target); err != nil {
		return err
	}
	if readOnly {
		return run("mount", "-o", "remount,bind,ro", target)
	}
	return nil
}

func unmount(target string) error {
	for isMounted(target) {
		if err := syscall.Unmount(target, 0); err != nil {
			return failure("unmount "+target, err)
		}
	}
	if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
		return failure("remove "+target, err)
	}
	return nil
}

// Whether something is mounted there: its device then differs from that of the folder above.
func isMounted(target string) bool {
	var here, above syscall.Stat_t
	if syscall.Stat(target, &here) != nil || syscall.Stat(filepath.Dir(target), &above) != nil {
		return false
	}
	return here.Dev != above.Dev
}

func usageOf(path string) ([]*csi.VolumeUsage, error) {
	if !isMounted(path) {
		return nil, status.Errorf(codes.NotFound, "no volume is mounted at %s", path)
	}
	var found syscall.Statfs_t
	if err := syscall.Statfs(path, &found); err != nil {
		return nil, failure("measure "+path, err)
	}
	blockBytes := int64(found.Bsize)
	return []*csi.VolumeUsage{
		{
			Unit:      csi.VolumeUsage_BYTES,
			Total:     int64(found.Blocks) * blockBytes,
			Used:      int64(found.Blocks-found.Bfree) * blockBytes,
			Available: int64(found.Bavail) * blockBytes,
		},
		{
			Unit:      csi.VolumeUsage_INODES,
			Total:     int64(found.Files),
			Used:      int64(found.Files - found.Ffree),
			Available: int64(found.Ffree),
		},
	}, nil
}

func run(name string, arguments ...string) error {
	command := exec.Command(name, arguments...)
	// XFS's own tests set these; mkfs.xfs then makes volumes below 300 MiB, which are for tests here as well.
	command.Env = append(os.Environ(), "TEST_DIR=-", "TEST_DEV=-", "QA_CHECK_FS=-")
	answer, err := command.CombinedOutput()
	if err != nil {
		// An event of Kubernetes shows the first line only.
		words := strings.Join(strings.Fields(string(answer)), " ")
		return status.Errorf(codes.Internal, "%s %s: %v: %s", name, strings.Join(arguments, " "), err, words)
	}
	return nil
}

func failure(doing string, err error) error {
	return status.Errorf(codes.Internal, "cannot %s: %v", doing, err)
}
